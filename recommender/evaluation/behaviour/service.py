"""Behavioural tests of lists and estimates: what a service must never break."""

from __future__ import annotations

import numpy as np

from recommender.evaluation.behaviour.report import BehaviourResult, judged, not_applicable
from recommender.evaluation.behaviour.subject import BehaviourSubject, Cases
from recommender.scale import FloatArray

_DIFFERENT_STARS = 1e-6
_ROUNDING = 1e-9


def seen_movies_never_return(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """No list holds a movie that the user rated in training or that the model says was seen."""
    wrong = []
    for user_id in cases.users.tolist():
        shown = subject.recommend(user_id, cases.settings.list_length).movie_ids
        known = np.union1d(cases.rated(user_id), subject.seen(user_id))
        again = shown[np.isin(shown, known)]
        if again.size:
            wrong.append(f"user {user_id} was shown {subject.title(int(again[0]))!r} again")
    detail = f"{len(wrong)} of {cases.users.size} users were shown a movie they know; limit 0."
    return judged(
        "seen_movies_never_return", not wrong, detail, cases=cases.users.size, wrong=wrong
    )


def same_input_same_output(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """Asking twice gives equal lists, and an estimate does not depend on what it is asked with."""
    wrong = []
    movies = cases.draw(cases.catalogue, cases.settings.n_movies, "repeated movies")
    for user_id in cases.users.tolist():
        first, second = (subject.recommend(user_id, cases.settings.list_length) for _ in range(2))
        same = np.array_equal(first.movie_ids, second.movie_ids)
        same = same and np.array_equal(first.scores, second.scores)
        users = np.full(movies.size, user_id)
        forward = subject.predict(users, movies)
        backward = subject.predict(users, movies[::-1])[::-1]
        if not (same and np.allclose(forward, backward, rtol=0.0, atol=_ROUNDING)):
            wrong.append(f"user {user_id} got another {'estimate' if same else 'list'}")
    detail = f"{len(wrong)} of {cases.users.size} users got another answer; limit 0."
    return judged("same_input_same_output", not wrong, detail, cases=cases.users.size, wrong=wrong)


def lists_are_well_formed(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """A list has at most k movies of the catalogue, none twice, with finite falling scores."""
    wrong = []
    users = np.concatenate([cases.users, cases.unknown_users])
    for user_id in users.tolist():
        shown = subject.recommend(user_id, cases.settings.list_length)
        problems = {
            "is too long": shown.movie_ids.size > cases.settings.list_length,
            "has scores for other movies": shown.movie_ids.shape != shown.scores.shape,
            "repeats a movie": np.unique(shown.movie_ids).size != shown.movie_ids.size,
            "leaves the catalogue": not np.isin(shown.movie_ids, cases.catalogue).all(),
            "has a score that is not finite": not np.isfinite(shown.scores).all(),
            "is out of order": bool(np.any(np.diff(shown.scores) > 0)),
        }
        wrong += [f"the list of user {user_id} {what}" for what, found in problems.items() if found]
    detail = f"{len(wrong)} faults in {users.size} lists; limit 0."
    return judged("lists_are_well_formed", not wrong, detail, cases=users.size, wrong=wrong)


def estimates_are_finite_and_in_scale(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """Every estimate is a number within the rating scale, also for unknown users and movies."""
    users = np.concatenate([cases.users, cases.unknown_users])
    known = cases.draw(cases.catalogue, cases.settings.n_movies, "estimated movies")
    movies = np.concatenate([known, cases.unknown_movies])
    pair_users, pair_movies = np.repeat(users, movies.size), np.tile(movies, users.size)
    estimates = subject.predict(pair_users, pair_movies)
    bad = np.flatnonzero(~_in_scale(estimates, cases))
    wrong = [f"user {pair_users[i]}, movie {pair_movies[i]}: {estimates[i]}" for i in bad.tolist()]
    scale = cases.scale
    detail = (
        f"{len(wrong)} of {estimates.size:,} estimates are not numbers from {scale.minimum:g} to "
        f"{scale.maximum:g} stars; limit 0."
    )
    return judged(
        "estimates_are_finite_and_in_scale", not wrong, detail, cases=estimates.size, wrong=wrong
    )


def unknown_users_get_popular_movies(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """A user without history gets a list of much rated movies that calls itself popular."""
    length = min(cases.settings.list_length, cases.catalogue.size)
    best = np.sort(cases.popularity)[::-1][:length].sum()
    random = float(cases.popularity.mean() * length / best)
    limit = random + cases.settings.min_popular * (1.0 - random)
    wrong, shares = [], []
    for user_id in cases.unknown_users.tolist():
        shown = subject.recommend(user_id, length)
        counts = cases.popularity[np.isin(cases.catalogue, shown.movie_ids)]
        shares.append(float(counts.sum() / best))
        if shown.path != "popular":
            wrong.append(f"the list of user {user_id} calls itself {shown.path!r}")
        if shares[-1] < limit - _ROUNDING:
            wrong.append(f"the list of user {user_id} has a share of {shares[-1]:.2f}")
    detail = (
        f"their lists hold {min(shares):.2f} of the ratings of the {length} most rated movies, "
        f"random lists {random:.2f}; limit {limit:.2f}."
    )
    return judged(
        "unknown_users_get_popular_movies",
        not wrong,
        detail,
        cases=cases.unknown_users.size,
        wrong=wrong,
    )


def unrated_movies_are_scored_by_content(
    subject: BehaviourSubject, cases: Cases
) -> BehaviourResult:
    """Movies that nobody rated get estimates within the scale that differ with their content."""
    name = "unrated_movies_are_scored_by_content"
    movies = cases.cold_movies
    genres = cases.movies.loc[cases.movies["movie_id"].isin(movies), "genres"]
    if genres.nunique() < 2:  # noqa: PLR2004  # it takes two to differ
        reason = f"{movies.size} movies have no training ratings, with {genres.nunique()} genres."
        return not_applicable(name, f"It needs two unrated movies of different genres: {reason}")
    wrong, varied = [], 0
    for user_id in cases.users.tolist():
        estimates = subject.predict(np.full(movies.size, user_id), movies)
        if not _in_scale(estimates, cases).all():
            wrong.append(f"user {user_id} has an estimate that is not a number of the scale")
        elif np.ptp(estimates) > _DIFFERENT_STARS:
            varied += 1
        else:
            wrong.append(f"user {user_id} has {estimates[0]:.3f} stars for all of them")
    share = varied / cases.users.size
    detail = (
        f"over {movies.size} unrated movies the estimates differ for {share:.0%} of "
        f"{cases.users.size} users; limit {cases.settings.min_varied:.0%}."
    )
    passed = share >= cases.settings.min_varied
    return judged(name, passed, detail, cases=cases.users.size, wrong=wrong)


def _in_scale(estimates: FloatArray, cases: Cases) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    inside = (estimates >= cases.scale.minimum) & (estimates <= cases.scale.maximum)
    return np.asarray(np.isfinite(estimates) & inside, dtype=bool)
