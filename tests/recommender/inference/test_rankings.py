from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recommender.inference.histories import NOBODY, Histories, Viewer, grade
from recommender.inference.identifiers import UNKNOWN
from recommender.inference.rankings import (
    AlignedRanking,
    BlendRanking,
    ImplicitRanking,
    NeighbourRanking,
    ProfileRanking,
    StaticRanking,
    best,
    personal_share,
)
from recommender.inference.similarity import MovieSimilarity
from recommender.scale import RatingScale

# Movie 0 leads to 1 (0.5) and 2 (-1), movie 2 to 0 (2); movies 1 and 3 have no weights.
WEIGHTS = NeighbourRanking(
    starts=np.array([0, 2, 2, 3, 3]),
    movies=np.array([1, 2, 0], dtype=np.int32),
    weights=np.array([0.5, -1.0, 2.0], dtype=np.float32),
)


def viewer(movies: list[int], grades: list[float]) -> Viewer:
    return Viewer(0, np.array(movies, dtype=np.int32), np.array(grades))


@given(
    hnp.arrays(np.float64, st.integers(0, 40), elements=st.integers(-3, 3).map(float)),
    st.integers(1, 50),
    st.sets(st.integers(0, 39), max_size=20),
)
def test_best_is_a_stable_sort_without_the_excluded(
    scores: np.ndarray, k: int, without: set[int]
) -> None:
    excluded = np.array(sorted(place for place in without if place < scores.size), dtype=np.int64)
    ordered = [int(i) for i in np.argsort(-scores, kind="stable") if i not in without]
    assert best(scores, k, excluded).tolist() == ordered[:k]


@given(st.integers(0, 2**32 - 1), st.integers(200, 3000), st.sampled_from([1, 5, 50, 400]))
def test_best_of_many_is_a_stable_sort_too(seed: int, n_movies: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    spread = rng.choice([2, 50, 10**6])
    scores = rng.integers(0, spread, n_movies).astype(float)
    if rng.random() < 0.5:
        scores.sort()
    excluded = rng.choice(n_movies, 100)
    ordered = np.argsort(-scores, kind="stable")
    expected = ordered[~np.isin(ordered, excluded)][:k]
    assert np.array_equal(best(scores, k, excluded), expected)


def test_excluding_everything_or_twice() -> None:
    scores = np.array([1.0, 2.0])
    assert best(scores, 3, np.array([0, 1, 1])).size == 0
    assert best(scores, 3, np.array([1, 1])).tolist() == [0]


def test_best_leaves_the_scores_as_they_are() -> None:
    scores = np.array([1.0, 2.0])
    best(scores, 1, np.array([1]))
    assert scores.tolist() == [1.0, 2.0]


def test_scores_sum_weights_by_grade() -> None:
    assert WEIGHTS.scores(viewer([0, 2], [1.0, 0.5])).tolist() == [1.0, 0.5, -1.0, 0.0]


def test_recent_ratings_count_for_more() -> None:
    recent = NeighbourRanking(
        WEIGHTS.starts, WEIGHTS.movies, WEIGHTS.weights, lasting=1.0, recent=3.0, half_life=1.0
    )
    # The older rating of movie 0 counts 1 + 3/2, the latest one of movie 2 counts 1 + 3.
    assert recent.scores(viewer([0, 2], [1.0, 1.0])).tolist() == [8.0, 1.25, -2.5, 0.0]


def test_a_history_says_what_its_list_is_made_from() -> None:
    assert WEIGHTS.path(viewer([0], [1.0])) == "personal"
    assert WEIGHTS.path(viewer([0, 3], [0.0, 1.0])) == "content"
    assert WEIGHTS.path(viewer([0], [0.0])) == "popular"
    assert WEIGHTS.path(NOBODY) == "popular"


def test_weights_lead_from_ratings_to_movies_in_any_order() -> None:
    someone = viewer([0, 3, 2], [1.0, 2.0, 0.5])
    movies = np.array([3, 0, 2, 1, 0])
    found = WEIGHTS.towards(someone.movies, movies)
    assert np.array_equal(someone.grades @ found, WEIGHTS.scores(someone)[movies])
    assert (someone.grades * found[:, 1]).tolist() == [0.0, 0.0, 1.0]
    assert WEIGHTS.towards(NOBODY.movies, movies).shape == (0, 5)


def test_what_is_liked_reaches_its_neighbours() -> None:
    movies = np.arange(4)
    assert WEIGHTS.reached(viewer([0], [1.0]), movies).tolist() == [False, True, True, False]
    assert not WEIGHTS.reached(viewer([0], [0.0]), movies).any()


def test_a_row_of_weights() -> None:
    assert WEIGHTS.row(0).tolist() == [0.0, 0.5, -1.0, 0.0]
    assert WEIGHTS.row(1).tolist() == [0.0] * 4


def test_profiles_rank_by_likeness_beyond_the_common() -> None:
    features = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [0.0, 0.0]])
    ranking = ProfileRanking(features, centre=np.array([0.5, 0.5]))
    found = ranking.scores(viewer([0, 2], [3.0, 1.0]))
    assert found == pytest.approx(features @ np.array([0.25, -0.25]))
    assert ranking.scores(viewer([0], [0.0])).tolist() == [0.0] * 4


def test_blends_pass_over_what_has_no_weight() -> None:
    blend = BlendRanking([WEIGHTS, StaticRanking(np.arange(4.0)), WEIGHTS], [2.0, 0.0, 1.0])
    someone = viewer([0], [1.0])
    assert blend.scores(someone) == pytest.approx(3.0 * WEIGHTS.scores(someone))
    assert blend.path(someone) == "personal"


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_blends_are_weighted_sums_whatever_they_share(seed: int, shared: bool) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(4, 3)).astype(np.float32)
    others = features if shared else rng.normal(size=(4, 3))
    static = StaticRanking(rng.normal(size=4))
    signals = [
        AlignedRanking(WEIGHTS, features, rng.normal(size=(4, 4))),
        static,
        ImplicitRanking.of(rng.normal(size=(4, 2)), 1.0, 2.0),
        ProfileRanking(others, rng.normal(size=3)),
        static,
    ]
    weights = rng.normal(size=len(signals)).tolist()
    someone = viewer([0, 3, 2], rng.random(3).tolist())
    parts = [by * signal.scores(someone) for signal, by in zip(signals, weights, strict=True)]
    assert BlendRanking(signals, weights).scores(someone) == pytest.approx(sum(parts), abs=1e-5)


def test_what_is_personal_counts_by_support() -> None:
    common = StaticRanking(np.array([0.1, 0.2, 0.3, 0.4]))
    blend = BlendRanking([WEIGHTS, common], [2.0, 1.0], handover=3.0)
    assert blend.scores(NOBODY) == pytest.approx(common.values)
    # Of two ratings one is a like: a share of 1 / (1 + 3).
    someone = viewer([0, 2], [1.0, 0.0])
    assert blend.scores(someone) == pytest.approx(0.5 * WEIGHTS.scores(someone) + common.values)
    assert [weight for _, weight in blend.weights_for(someone)] == [0.5, 1.0]


@given(st.integers(0, 1000), st.floats(0.0, 1000.0))
def test_the_personal_share_rises_from_nothing_to_all(support: int, handover: float) -> None:
    shares = personal_share(np.array([0, support, support + 1, 10**9]), handover)
    assert np.all(np.diff(shares) >= 0.0)
    assert shares[0] == (handover == 0.0)
    assert shares[-1] == pytest.approx(1.0, abs=1e-5)


def dense(neighbours: NeighbourRanking) -> np.ndarray:
    return np.stack([neighbours.row(movie) for movie in range(neighbours.starts.size - 1)])


def random_neighbours(rng: np.random.Generator, n_movies: int) -> NeighbourRanking:
    weights = rng.normal(size=(n_movies, n_movies)) * (rng.random((n_movies, n_movies)) < 0.2)
    weights[rng.random(n_movies) < 0.6] = 0.0
    rows, columns = np.nonzero(weights)
    starts = np.append(0, np.cumsum(np.bincount(rows, minlength=n_movies)))
    kept = weights[rows, columns].astype(np.float32)
    return NeighbourRanking(starts, columns.astype(np.int32), kept, 0.7, 0.5, 3.0)


@given(st.integers(0, 2**32 - 1), st.sampled_from("CF"))
@settings(deadline=None)
def test_a_blend_is_what_its_formula_says(seed: int, order: Literal["C", "F"]) -> None:
    rng = np.random.default_rng(seed)
    n_movies, n_rated = 60, int(rng.integers(1, 20))
    neighbours = random_neighbours(rng, n_movies)
    features, factors, loadings = (
        np.asarray(rng.normal(size=(n_movies, size)), dtype=np.float32, order=order)
        for size in (5, 4, 6)
    )
    centre, popular = rng.normal(size=5), rng.random(n_movies)
    someone = viewer(
        rng.choice(n_movies, n_rated, replace=False).tolist(), rng.random(n_rated).tolist()
    )
    signals = [
        AlignedRanking(neighbours, features, loadings),
        ImplicitRanking.of(factors, 1.0, 2.0),
        ProfileRanking(features, centre),
        StaticRanking(popular),
    ]
    weights = rng.normal(size=4).tolist()

    exact = features.astype(np.float64)
    strengths = someone.grades * (0.7 + 0.5 * 0.5 ** (np.arange(n_rated)[::-1] / 3.0))
    expected = strengths @ loadings[someone.movies].astype(np.float64)
    known = np.diff(neighbours.starts) > 0
    summed = strengths @ dense(neighbours)[someone.movies]
    aligned = np.where(known, summed, expected[0] + exact @ expected[1:])
    profile = someone.grades @ exact[someone.movies] / someone.grades.sum() - centre
    own = factors[someone.movies].astype(np.float64)
    system = factors.astype(np.float64).T @ factors + np.eye(4)
    system += own.T @ np.diag(2.0 * someone.grades) @ own
    implicit = factors @ np.linalg.solve(system, own.T @ (1.0 + 2.0 * someone.grades))
    parts = [aligned, implicit, exact @ profile, popular]
    formula = sum(by * part for by, part in zip(weights, parts, strict=True))
    assert BlendRanking(signals, weights).scores(someone) == pytest.approx(formula, abs=1e-4)


def test_blending_does_not_write_into_a_signal() -> None:
    values = np.arange(4.0)
    blend = BlendRanking([StaticRanking(values), StaticRanking(values)], [1.0, 1.0])
    blend.scores(NOBODY)
    assert values.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_similarity_adds_who_watches_both() -> None:
    features = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [1.0, 0.0]])
    similarity = MovieSimilarity(features, WEIGHTS, 0.5)
    assert similarity.to(0) == pytest.approx([1.0, 0.25, 0.6 - 0.5, 1.0])
    assert similarity.to(1) == pytest.approx([0.0, 1.0, 0.8, 0.0])


def test_histories_are_oldest_first_whatever_the_order_of_the_rows() -> None:
    histories = Histories.of(
        users=np.array([1, 0, 1, 1]),
        movies=np.array([7, 8, 5, 6]),
        ratings=np.array([1.0, 2.0, 3.0, 4.0]),
        timestamps=np.array([30, 10, 20, 20]),
        n_users=3,
    )
    assert histories.of_user(1)[0].tolist() == [5, 6, 7]
    assert histories.of_user(1)[1].tolist() == [3.0, 4.0, 1.0]
    assert histories.of_user(2)[0].size == histories.of_user(UNKNOWN)[0].size == 0
    assert histories.counts.tolist() == [1, 3, 0]


@given(st.floats(0.5, 5.0), st.floats(0.5, 5.0))
def test_a_higher_rating_never_speaks_less_for_a_movie(one: float, other: float) -> None:
    low, high = grade(np.array(sorted([one, other])), RatingScale())
    assert 0.0 <= low <= high <= 1.5 + 1e-12
