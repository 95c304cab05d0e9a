from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recommender.errors import UsageError
from recommender.inference import Recommender
from recommender.inference.attributions import Attribution, Contribution
from recommender.inference.explanations import Explanation, find_reasons_of_list
from recommender.inference.histories import Viewer
from recommender.inference.ranking_sums import sums_of, without_rating
from recommender.inference.rankings import (
    BlendRanking,
    EstimateRanking,
    ImplicitRanking,
    NeighbourRanking,
    ProfileRanking,
    Ranking,
    StaticRanking,
)

N_MOVIES = 12
SEEDS = st.integers(0, 2**32 - 1)
#: Stars up to which a rating speaks for nothing.
_INDIFFERENT = 2.0
HISTORIES = st.lists(
    st.tuples(st.integers(1, 30), st.integers(1, 10)), max_size=12, unique_by=lambda row: row[0]
)


def random_blend(rng: np.random.Generator) -> BlendRanking:
    weights = rng.normal(size=(N_MOVIES, N_MOVIES)) * (rng.random((N_MOVIES, N_MOVIES)) < 0.6)
    rows, columns = np.nonzero(weights)
    starts = np.append(0, np.cumsum(np.bincount(rows, minlength=N_MOVIES)))
    neighbours = NeighbourRanking(
        starts, columns, weights[rows, columns], lasting=1.0, recent=2.0, half_life=3.0
    )
    features = rng.normal(size=(N_MOVIES, 3))
    profile = ProfileRanking(features, rng.normal(size=3))
    implicit = ImplicitRanking.of(rng.normal(size=(N_MOVIES, 3)), 1.0, 2.0)
    static = StaticRanking(rng.random(N_MOVIES), "trending")
    signals: list[Ranking] = [neighbours, profile, implicit, static]
    return BlendRanking(signals, [1.0, rng.random(), 0.7, 0.3], handover=rng.choice([0.0, 5.0]))


def random_viewer(rng: np.random.Generator) -> Viewer:
    n = int(rng.integers(0, N_MOVIES + 1))
    grades = rng.random(n) * (rng.random(n) < 0.8)
    return Viewer(-1, rng.choice(N_MOVIES, n, replace=False), grades)


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_parts_of_ranking_scores_sum_to_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ranking, viewer = random_blend(rng), random_viewer(rng)
    movies = rng.permutation(N_MOVIES)
    found = [one.total for one in sums_of(ranking, viewer, movies).attributions()]
    assert found == pytest.approx(ranking.scores(viewer)[movies], abs=1e-9)


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_without_a_reason_a_ranking_score_is_lower_by_the_drop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ranking, viewer = random_blend(rng), random_viewer(rng)
    movies = rng.permutation(N_MOVIES)
    found = find_reasons_of_list(sums_of(ranking, viewer, movies), viewer.movies)
    for movie, reasons in zip(movies.tolist(), found, strict=True):
        assert list(reasons) == sorted(reasons, key=lambda reason: -reason.drop)
        for reason in reasons:
            place = viewer.movies.tolist().index(reason.movie_id)
            less = ranking.scores(without_rating(viewer, place))[movie]
            assert ranking.scores(viewer)[movie] - less == pytest.approx(reason.drop, abs=1e-9)
            assert reason.drop > 0.0


def total(explanation: Explanation) -> float:
    return sum(part.value for part in explanation.parts)


@given(HISTORIES, st.integers(1, 30), st.sampled_from([None, 1, 17, 40, 12345]))
@settings(max_examples=40, deadline=None)
def test_parts_sum_to_what_is_served(
    served: Recommender, rows: list[tuple[int, int]], movie: int, user: int | None
) -> None:
    history = [row[0] for row in rows], [row[1] / 2.0 for row in rows]
    asked = {"user_id": user, "movie_ids": history[0], "ratings": history[1]}
    ranked = served.explain(movie, **asked)
    assert total(ranked) == pytest.approx(ranked.score, abs=1e-6)
    shown = served.recommend_for_history(*history, 30, user_id=user)
    if movie in shown.movie_ids:
        place = shown.movie_ids.tolist().index(movie)
        assert ranked.score == pytest.approx(shown.scores[place], abs=1e-9)
        assert ranked.path == shown.item_paths[place]
    rated = served.explain_rating(movie, **asked)
    assert total(rated) == pytest.approx(rated.score, abs=1e-6)
    estimated = served.estimate_for_history(*history, [movie], user_id=user)
    assert rated.score == pytest.approx(estimated.ratings[0], abs=1e-9)
    assert (rated.path,) == estimated.paths


@given(HISTORIES, st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_taking_back_the_first_reason_lowers_what_is_served(
    served: Recommender, rows: list[tuple[int, int]], movie: int
) -> None:
    assume(len(rows) > 1)
    history = {"movie_ids": [row[0] for row in rows], "ratings": [row[1] / 2.0 for row in rows]}
    for explain in (served.explain, served.explain_rating):
        full = explain(movie, **history)
        if not full.reasons:
            continue
        kept = [row for row in rows if row[0] != full.reasons[0].movie_id]
        if explain == served.explain and all(row[1] / 2.0 <= _INDIFFERENT for row in kept):
            continue  # nothing liked is left, and the list is that of a newcomer
        less = explain(
            movie, movie_ids=[row[0] for row in kept], ratings=[row[1] / 2.0 for row in kept]
        )
        unlimited = [
            sum(part.value for part in item.parts if part.label != "limits of the scale")
            for item in (full, less)
        ]
        assert unlimited[0] - unlimited[1] == pytest.approx(full.reasons[0].drop, abs=1e-6)


@given(HISTORIES, st.sampled_from([None, 1, 17, 40, 12345]))
@settings(max_examples=20, deadline=None)
def test_reasons_of_a_list_are_those_of_each_movie(
    served: Recommender, rows: list[tuple[int, int]], user: int | None
) -> None:
    asked = {
        "user_id": user,
        "movie_ids": [row[0] for row in rows],
        "ratings": [row[1] / 2.0 for row in rows],
    }
    movies = served.movie_ids[::-1]
    for movie, found in zip(movies.tolist(), served.reasons(movies, **asked), strict=True):
        alone = served.explain(movie, **asked).reasons
        assert [one.movie_id for one in found] == [one.movie_id for one in alone]
        assert [(one.contribution, one.drop) for one in found] == [
            pytest.approx((one.contribution, one.drop), abs=1e-9) for one in alone
        ]


def test_a_trained_user_is_explained_by_the_stored_history(served: Recommender) -> None:
    user = int(served.user_ids[0])
    shown = served.recommend(user, 3)
    movie = int(shown.movie_ids[0])
    found = served.explain(movie, user_id=user)
    assert found.score == pytest.approx(shown.scores[0])
    assert found.path == shown.item_paths[0]
    assert found.reasons
    assert {reason.movie_id for reason in found.reasons} <= set(served.seen(user).tolist())
    rated = served.explain_rating(movie, user_id=user)
    labels = {part.label for part in rated.parts}
    assert {"mean", "user", "movie", "rated alike", "trained factors"} <= labels
    assert rated.score == served.predict(np.array([user]), np.array([movie]))[0]


def test_nobody_is_told_what_is_popular(served: Recommender) -> None:
    found = served.explain(7)
    assert {part.kind for part in found.parts} == {"popularity"}
    assert found.path == "popular"
    assert found.reasons == ()
    assert served.explain_rating(7).reasons == ()


def test_contributions_name_their_movie_and_leave_out_zeros() -> None:
    shares = (("neighbour", "watched together", np.array([0.5, 0.0])),)
    found = Attribution((Contribution("bias", "mean", 3.0), Contribution("bias", "x", 0.0)), shares)
    assert list(found.contributions(np.array([7, 8]))) == [
        Contribution("neighbour", "watched together", 0.5, 7),
        Contribution("bias", "mean", 3.0),
    ]
    assert found.times(2.0).total == 7.0


def test_what_cannot_be_explained_says_so(served: Recommender) -> None:
    with pytest.raises(UsageError, match="EstimateRanking"):
        sums_of(
            EstimateRanking(served.part("svd").estimates),
            random_viewer(np.random.default_rng(0)),
            np.array([1]),
        )
    with pytest.raises(UsageError, match="catalogue"):
        served.explain(999)
