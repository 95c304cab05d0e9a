"""Gradient descent over features, against the same steps written out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommender.models.feature_factorization import _compiled, fit_by_gradient_descent
from recommender.models.features import movie_terms
from recommender.models.indexed import IndexedRatings
from recommender.schema import Dataset
from recommender.settings import ModelParams

RATE, SHRINKAGE = 0.05, 0.1


def written_out(
    ratings: list[tuple[int, int, float]], features: np.ndarray, weights: tuple[np.ndarray, ...]
) -> None:
    """One pass in the order of the users, in place."""
    user_bias, user_factors, feature_bias, feature_factors, implicit = weights
    for user in sorted({user for user, _, _ in ratings}):
        own = [(movie, stars) for rater, movie, stars in ratings if rater == user]
        rated = [movie for movie, _ in own]
        share = 1.0 / np.sqrt(len(rated))
        around = before = share * implicit[rated].sum(axis=0)
        for movie, stars in own:
            x = features[movie]
            q, p = x @ feature_factors, user_factors[user] + around
            error = stars - user_bias[user] - x @ feature_bias - p @ q
            user_bias[user] += RATE * (error - SHRINKAGE * user_bias[user])
            user_factors[user] += RATE * (error * q - SHRINKAGE * user_factors[user])
            around = around + RATE * (error * q - SHRINKAGE * around)
            present = (x != 0.0)[:, np.newaxis]
            feature_bias += RATE * (x * error - SHRINKAGE * feature_bias * present[:, 0])
            feature_factors += (
                RATE * present * (error * np.outer(x, p) - SHRINKAGE * feature_factors)
            )
        for movie in rated:
            implicit[movie] += share * (around - before)


def test_one_pass_takes_the_steps_of_the_equations() -> None:
    rng = np.random.default_rng(2)
    ratings = [(0, 1, 1.0), (0, 2, -0.5), (2, 0, 0.5), (2, 1, -1.0), (2, 2, 2.0)]
    features = np.array([[1, 0, 0, 0.5], [0, 1, 0, 0.5], [0, 0, 1, 0.0]])
    shapes: list[Any] = [3, (3, 2), 4, (4, 2), (3, 2)]
    ours = tuple(rng.normal(0.0, 0.5, shape).astype(np.float32) for shape in shapes)
    expected = tuple(item.astype(np.float64) for item in ours)
    rows, columns = np.nonzero(features)
    _compiled()(
        (
            np.array([0, 2, 2, 5]),
            np.array([movie for _, movie, _ in ratings], dtype=np.int32),
            np.array([stars for _, _, stars in ratings], dtype=np.float32),
        ),
        (
            np.array([0, 2, 4, 5]),
            columns.astype(np.int32),
            features[rows, columns].astype(np.float32),
        ),
        ours,
        np.float32(RATE),
        np.float32(SHRINKAGE),
    )
    written_out(ratings, features, expected)
    for found, wanted in zip(ours, expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-5)


def test_it_learns_taste(ratings_of_taste: Dataset, indexed: IndexedRatings) -> None:
    held_out = np.arange(len(indexed)) % 4 == 0
    train, rest = indexed.only(~held_out), indexed.only(held_out)
    params = ModelParams(fm_sgd_factors=4, fm_sgd_epochs=60, fm_sgd_learning_rate=0.02)
    found = fit_by_gradient_descent(train, movie_terms(ratings_of_taste), params, seed=1)
    errors = found.pairs(rest.users, rest.movies) - rest.stars
    assert np.sqrt((errors**2).mean()) < 0.75 * rest.stars.std()
    assert found.user_factors.dtype == np.float32
    assert found.pairs(np.array([-1]), np.array([-1]))[0] == pytest.approx(train.mean)


def test_the_compiled_pass_takes_the_steps_that_python_takes() -> None:
    rng = np.random.default_rng(2)
    starts, movies = np.array([0, 2, 2, 5]), np.array([0, 1, 1, 2, 0])
    ratings = (starts, movies, rng.normal(size=5).astype(np.float32))
    columns, values = np.array([0, 3, 1, 2, 3]), np.ones(5, dtype=np.float32)
    features = (np.array([0, 2, 3, 5]), columns, values)
    shapes = ((3,), (3, 2), (4,), (4, 2), (3, 2))
    compiled = tuple(rng.normal(0.0, 0.1, shape).astype(np.float32) for shape in shapes)
    plain = tuple(array.copy() for array in compiled)
    rates = np.float32(0.05), np.float32(0.02)
    _compiled()(ratings, features, compiled, *rates)
    _compiled().py_func(ratings, features, plain, *rates)
    for ours, expected in zip(compiled, plain, strict=True):
        assert ours == pytest.approx(expected, abs=1e-6)
