"""Behavioural tests of what the model has learned of movies and of taste."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.evaluation.behaviour.report import BehaviourResult, judged, not_applicable
from recommender.evaluation.behaviour.series import director_pairs, series_pairs
from recommender.evaluation.behaviour.subject import BehaviourSubject, Cases
from recommender.scale import FloatArray, IntArray

_FEWEST_RATINGS = 5


def liking_a_film_raises_its_neighbours(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """With a film added to a history at full stars, the films similar to it rank higher.

    The film is drawn by how often it is rated. The mean relative rank of its nearest neighbours,
    in a ranking of the whole catalogue, is taken before and after.
    """
    name = "liking_a_film_raises_its_neighbours"
    rng = cases.rng(name)
    wrong, gains = [], []
    for user_id in cases.users_with(_FEWEST_RATINGS).tolist():
        history, ratings = cases.history(user_id)
        film = cases.draw_watched(history, rng)
        if film is None:
            continue
        near, _ = subject.similar(film, cases.settings.n_neighbours)
        near = near[~np.isin(near, history)]
        if not near.size:
            continue
        before = _mean_rank(subject, history, ratings, near, cases)
        liked = np.append(history, film), np.append(ratings, cases.scale.maximum)
        gains.append(before - _mean_rank(subject, *liked, near, cases))
        if gains[-1] <= 0:
            wrong.append(f"user {user_id}, {subject.title(film)!r}: {-gains[-1]:+.4f}")
    if not gains:
        return not_applicable(name, "No user has five ratings and a rated film left to like.")
    share = 1.0 - len(wrong) / len(gains)
    detail = (
        f"the neighbours rise for {share:.0%} of {len(gains)} liked films, on average by "
        f"{np.mean(gains):.4f} of the catalogue; limit {cases.settings.min_raised:.0%}."
    )
    passed = share >= cases.settings.min_raised
    return judged(name, passed, detail, cases=len(gains), wrong=wrong)


def sequels_are_near(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """A film stands in front among the films similar to another one of its series."""
    pairs = series_pairs(cases.movies)
    limit = cases.settings.max_sequel_rank
    return _judge_pairs(
        "sequels_are_near", subject, cases, pairs=pairs, limit=limit, relation="of one series"
    )


def films_of_a_director_are_near(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """A film stands in front among the films similar to another one of its director."""
    name = "films_of_a_director_are_near"
    if cases.credits is None:
        return not_applicable(name, "The data set has no credits.")
    pairs = director_pairs(cases.credits, cases.catalogue)
    limit = cases.settings.max_director_rank
    return _judge_pairs(name, subject, cases, pairs=pairs, limit=limit, relation="of one director")


def a_small_change_changes_little(subject: BehaviourSubject, cases: Cases) -> BehaviourResult:
    """With one rating of many taken away, most of the list stays."""
    name, settings = "a_small_change_changes_little", cases.settings
    rng = cases.rng(name)
    wrong, overlaps = [], []
    for user_id in cases.users_with(settings.min_history).tolist():
        history, ratings = cases.history(user_id)
        left = np.arange(history.size) != rng.integers(history.size)
        full = subject.recommend_for_history(history, ratings, settings.list_length).movie_ids
        less = subject.recommend_for_history(history[left], ratings[left], settings.list_length)
        overlaps.append(_overlap(full, less.movie_ids))
        if overlaps[-1] < settings.min_overlap:
            wrong.append(f"user {user_id} without {history[~left][0]}: {overlaps[-1]:.2f} stays")
    if not overlaps:
        return not_applicable(name, f"No user has {settings.min_history} training ratings.")
    mean = float(np.mean(overlaps))
    detail = (
        f"on average {mean:.2f} of the list stays, at least {min(overlaps):.2f}; limit "
        f"{settings.min_overlap:.2f} on average."
    )
    passed = mean >= settings.min_overlap
    return judged(name, passed, detail, cases=len(overlaps), wrong=wrong)


def relative_rank(listed: IntArray, movie_ids: IntArray, n_candidates: int) -> FloatArray:
    """Return where movies stand in a list, from 0 (first) to 1 (last), shape (n,).

    A movie that the list leaves out counts as standing in the middle of what is left out, so
    that a random order has a mean of 0.5 whatever the length of the list.

    Args:
        listed: Movie ids, best first.
        movie_ids: Shape (n,), the movies to look for.
        n_candidates: Movies that the list could hold.

    >>> relative_rank(np.array([7, 5]), np.array([7, 5, 9]), 4).tolist()
    [0.125, 0.375, 0.75]
    """
    places = {movie_id: place for place, movie_id in enumerate(listed.tolist())}
    missing = (listed.size + n_candidates - 1) / 2.0
    found = [places.get(movie_id, missing) for movie_id in movie_ids.tolist()]
    return (np.array(found, dtype=np.float64) + 0.5) / n_candidates


def _judge_pairs(
    name: str,
    subject: BehaviourSubject,
    cases: Cases,
    *,
    pairs: Sequence[tuple[int, int]],
    limit: float,
    relation: str,
) -> BehaviourResult:
    if len(pairs) < cases.settings.min_pairs:
        needed = f"at least {cases.settings.min_pairs} pairs of films {relation}"
        return not_applicable(name, f"It needs {needed}; the catalogue has {len(pairs)}.")
    drawn = cases.draw(np.array(pairs), cases.settings.n_movies, name)
    ranks, wrong = [], []
    for movie_id, other in drawn.tolist():
        near, _ = subject.similar(movie_id, cases.catalogue.size)
        rank = float(relative_rank(near, np.array([other]), cases.catalogue.size - 1)[0])
        ranks.append(rank)
        if rank > limit:
            titles = f"{subject.title(movie_id)!r} and {subject.title(other)!r}"
            wrong.append(f"{titles}: {rank:.2f}")
    median = float(np.median(ranks))
    detail = (
        f"the median relative rank over {len(ranks)} pairs {relation} is {median:.3f}, in random "
        f"order 0.500; limit {limit:.3f}."
    )
    return judged(name, median <= limit, detail, cases=len(ranks), wrong=wrong)


def _mean_rank(
    subject: BehaviourSubject,
    history: IntArray,
    ratings: FloatArray,
    movie_ids: IntArray,
    cases: Cases,
) -> float:
    n_movies = cases.catalogue.size
    ranking = subject.recommend_for_history(history, ratings, n_movies).movie_ids
    return float(relative_rank(ranking, movie_ids, n_movies - history.size).mean())


def _overlap(first: IntArray, second: IntArray) -> float:
    longest = max(first.size, second.size)
    return np.intersect1d(first, second).size / longest if longest else 1.0
