from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.inference import Recommender
from recommender.inference.histories import NOBODY, Viewer
from recommender.inference.identifiers import UNKNOWN
from recommender.inference.paths import item_paths, path_of, rating_paths
from recommender.inference.rankings import (
    BlendRanking,
    ImplicitRanking,
    NeighbourRanking,
    ProfileRanking,
    StaticRanking,
)

# Movie 0 leads to 1; movie 3 has no features.
NEIGHBOURS = NeighbourRanking(
    np.array([0, 1, 1, 1, 1]), np.array([1], dtype=np.int32), np.array([0.5], dtype=np.float32)
)
PROFILE = ProfileRanking(np.array([[1.0], [1.0], [1.0], [0.0]]), np.zeros(1))
TRENDING = StaticRanking(np.ones(4), "trending")
BLEND = BlendRanking([NEIGHBOURS, PROFILE, TRENDING], [1.0, 0.5, 0.1])
ALL = np.arange(1, 4)


def viewer(grades: list[float], position: int = 0) -> Viewer:
    return Viewer(position, np.arange(len(grades)), np.array(grades))


def test_each_movie_says_what_its_score_is_made_from() -> None:
    assert item_paths(BLEND, viewer([1.0]), ALL) == ("personal", "content", "popular")
    assert item_paths(BLEND, viewer([1.0], UNKNOWN), ALL) == ("fold-in", "content", "popular")
    assert item_paths(BLEND, viewer([0.0]), ALL) == ("popular",) * 3
    assert item_paths(BLEND, NOBODY, ALL) == ("popular",) * 3


def test_a_signal_without_weight_is_no_path() -> None:
    blend = BlendRanking([NEIGHBOURS, PROFILE, TRENDING], [1.0, 0.0, 0.1])
    assert item_paths(blend, viewer([1.0]), ALL) == ("personal", "popular", "popular")


@given(st.integers(0, 2**32 - 1))
def test_the_most_personal_signal_decides_whatever_is_asked_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    factors = rng.random((4, 2)) * (rng.random((4, 1)) < 0.5)
    signals = [NEIGHBOURS, ImplicitRanking.of(factors, 1.0, 2.0), PROFILE, TRENDING]
    weights = rng.integers(0, 2, len(signals)).tolist()
    someone = viewer((rng.random(3) * (rng.random(3) < 0.5)).tolist())
    shown = [item_paths(one, someone, ALL) for one, by in zip(signals, weights, strict=True) if by]
    order = ("personal", "content", "popular")
    expected = [
        min((paths[place] for paths in shown), key=order.index, default="popular")
        for place in range(ALL.size)
    ]
    assert item_paths(BlendRanking(signals, weights), someone, ALL) == tuple(expected)


def test_a_list_from_a_history_that_was_not_trained_on_is_folded_in() -> None:
    assert path_of(BLEND, viewer([1.0])) == "personal"
    assert path_of(BLEND, viewer([1.0], UNKNOWN)) == "fold-in"
    assert path_of(TRENDING, viewer([1.0], UNKNOWN)) == "popular"


@pytest.mark.parametrize("folded", [False, True])
def test_a_rating_estimate_says_it_too(folded: bool) -> None:
    own = "fold-in" if folded else "personal"
    users = np.array([True, True, True, False, False, False])
    movies = np.array([True, False, False, True, False, False])
    inside = np.array([True, True, False, True, True, False])
    found = tuple(rating_paths(users, movies, inside, folded=folded))
    assert found == (own, "content", own, "popular", "content", "popular")


def test_served_lists_and_estimates_say_it(served: Recommender) -> None:
    shown = served.recommend(1, 30, exclude_seen=False)
    assert len(shown.item_paths) == 30
    assert set(shown.item_paths) <= {"personal", "content", "popular"}
    assert set(served.recommend(10**6, 5).item_paths) == {"popular"}
    folded = served.recommend_for_history([1, 3], [5.0, 4.5], 9)
    assert folded.path == "fold-in"
    assert "personal" not in folded.item_paths
    pairs = served.rating_paths(np.array([1, 10**6]), np.array([2, 2]))
    assert pairs == ("personal", "popular")
