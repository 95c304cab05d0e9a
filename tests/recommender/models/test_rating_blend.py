from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.inference.components import RATING_PARTS
from recommender.models.features import movie_terms
from recommender.models.indexed import IndexedRatings
from recommender.models.rating_blend import (
    HeldOut,
    blend_weights,
    held_out_folds,
    hold_out,
    shrunk_least_squares,
)
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(n_factors=3, n_epochs=5, content_factors=4, taste_factors=2)
N_FEATURES = 1 + len(RATING_PARTS)
EVEN = [0.0, 1.0, 0.25, 0.25, 0.25]


def fold(weights: list[float], n: int, *, user: bool, movie: bool, seed: int = 0) -> HeldOut:
    """Held-out ratings that these weights explain without error."""
    rng = np.random.default_rng(seed)
    features = np.column_stack([np.ones(n), rng.normal(3.0, 0.5, n), rng.normal(0, 0.3, (n, 3))])
    return HeldOut(
        features=features,
        stars=features @ np.array(weights),
        user_support=np.full(n, user, dtype=np.uint8),
        movie_support=np.full(n, movie, dtype=np.uint8),
        is_latest=False,
    )


def test_folds_hold_out_ratings_users_movies_and_the_latest(indexed: IndexedRatings) -> None:
    params = replace(PARAMS, blend_folds=3, blend_holdout=0.1, blend_cuts=2, blend_latest=0.2)
    folds = list(held_out_folds(indexed, params, seed=1))
    assert len(folds) == 5
    assert [len(past) + len(rest) for past, rest in folds] == [1200, 1200, 1200, 960, 1200]
    for past, rest in folds:
        pairs = {*zip(past.users, past.movies, strict=True)}
        assert not pairs & {*zip(rest.users, rest.movies, strict=True)}
    chance = folds[:3]
    new_users = [
        set(np.flatnonzero((indexed.user_counts > 0) & ~p.known_users[:-1])) for p, _ in chance
    ]
    new_movies = [
        set(np.flatnonzero((indexed.movie_counts > 0) & ~p.known_movies[:-1])) for p, _ in chance
    ]
    assert [len(users) for users in new_users] == [6, 6, 6]
    assert not new_users[0] & new_users[1]
    assert all(new_movies)


def test_the_latest_folds_respect_time(indexed: IndexedRatings) -> None:
    params = replace(PARAMS, blend_folds=0, blend_cuts=2, blend_latest=0.25)
    (first, middle), (second, last) = held_out_folds(indexed, params, seed=1)
    assert first.timestamps.max() <= middle.timestamps.min()
    assert second.timestamps.max() <= last.timestamps.min()
    assert (len(first), len(middle), len(second), len(last)) == (600, 300, 900, 300)


def test_folds_that_leave_nothing_are_passed_over(indexed: IndexedRatings) -> None:
    assert list(held_out_folds(indexed.only(np.arange(5)), PARAMS, seed=1)) == []


def test_parts_never_see_what_they_are_judged_on(
    ratings_of_taste: Dataset, indexed: IndexedRatings
) -> None:
    terms = movie_terms(ratings_of_taste)
    past, rest = next(held_out_folds(indexed, PARAMS, seed=1))
    found = hold_out(terms, past, rest, PARAMS, seed=1)
    spoiled = replace(rest, stars=5.5 - rest.stars)
    again = hold_out(terms, past, spoiled, PARAMS, seed=1)
    assert np.array_equal(found.features, again.features)
    assert np.array_equal(again.stars, 5.5 - found.stars)
    assert found.features.shape == (len(rest), N_FEATURES)
    assert np.array_equal(found.known_users, past.user_counts[rest.users] > 0)
    assert np.array_equal(found.known_movies, past.movie_counts[rest.movies] > 0)


@pytest.mark.parametrize("regime", list(np.ndindex(2, 2)))
def test_each_regime_learns_its_own_weights(regime: tuple[int, int]) -> None:
    wanted = [0.3, 0.9, 0.1, 1.2, 0.4]
    folds = [
        fold(wanted, 20_000, user=bool(regime[0]), movie=bool(regime[1]), seed=seed)
        for seed in (1, 2)
    ]
    weights = blend_weights(folds)
    assert weights.shape == (2, 2, N_FEATURES)
    assert weights[regime] == pytest.approx(wanted, abs=0.05)
    others = [weights[other] for other in np.ndindex(2, 2) if other != regime]
    assert all(other == pytest.approx(EVEN) for other in others)


def test_without_folds_the_blend_is_even() -> None:
    assert blend_weights([]).reshape(4, -1).tolist() == [EVEN] * 4


def test_a_few_ratings_move_the_weights_a_little() -> None:
    rng = np.random.default_rng(1)
    features = np.column_stack([np.ones(5), rng.normal(size=(5, 4))])
    moved = shrunk_least_squares(features, features @ np.full(5, 9.0), np.array(EVEN))
    full = np.full(5, 9.0)
    assert np.abs(moved - EVEN).max() > 0.1
    assert np.linalg.norm(moved - EVEN) < 0.3 * np.linalg.norm(full - EVEN)
