"""Gradient descent over features, against the same steps written out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.models.factors import aligned_rows
from recommender.models.feature_factorization import (
    TermSets,
    _epoch,
    _kernel,
    fit_by_gradient_descent,
)
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


def as_the_kernel_takes_them(weights: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Features of movies and of terms apart, rows as long as cache lines."""

    def filled(rows: np.ndarray) -> np.ndarray:
        store = aligned_rows(len(rows), rows.shape[1], np.float32)
        store[:, : rows.shape[1]] = rows
        return store

    user_bias, user_factors, feature_bias, feature_factors, implicit = weights
    n_movies = len(implicit)
    return (
        user_bias.astype(np.float32),
        filled(user_factors),
        feature_bias[:n_movies].astype(np.float32),
        filled(feature_factors[:n_movies]),
        feature_bias[n_movies:].astype(np.float32),
        filled(feature_factors[n_movies:]),
        filled(implicit),
    )


@pytest.mark.parametrize("n_factors", [2, 16, 20])
def test_one_pass_takes_the_steps_of_the_equations(n_factors: int) -> None:
    rng = np.random.default_rng(2)
    ratings = [(0, 1, 1.0), (0, 2, -0.5), (2, 0, 0.5), (2, 1, -1.0), (2, 2, 2.0)]
    terms = np.array([[0.5, 0.7], [0.5, 0.7], [0.0, 0.0]])
    features = np.hstack([np.eye(3), terms])
    shapes: list[Any] = [3, (3, n_factors), 5, (5, n_factors), (3, n_factors)]
    expected = tuple(rng.normal(0.0, 0.3, shape) for shape in shapes)
    ours = as_the_kernel_takes_them(expected)
    _kernel()(*kernel_arguments(ratings, terms), ours, np.float32(RATE), np.float32(SHRINKAGE))
    written_out(ratings, features, expected)
    for found, wanted in zip(ours, as_the_kernel_takes_them(expected), strict=True):
        assert found == pytest.approx(wanted, abs=1e-5)


def kernel_arguments(ratings: list[tuple[int, int, float]], terms: np.ndarray) -> tuple[Any, Any]:
    users, movies, stars = zip(*ratings, strict=True)
    starts = np.searchsorted(users, np.arange(max(users) + 2))
    columns = np.array(movies, dtype=np.int32), np.array(stars, dtype=np.float32)
    return (starts, *columns), TermSets.of(sp.csr_array(terms)).arrays()


def test_movies_of_the_same_terms_share_a_set() -> None:
    terms = sp.csr_array(np.array([[0.0, 1.0], [0.5, 0.5], [0.0, 0.0], [0.0, 1.0], [0.5, 0.5]]))
    found = TermSets.of(terms)
    assert found.sets[[0, 1, 2]].tolist() == found.sets[[3, 4, 2]].tolist()
    assert np.unique(found.sets).size == len(found.starts) - 1 == 3
    for movie, number in enumerate(found.sets.tolist()):
        row = slice(found.starts[number], found.starts[number + 1])
        dense = np.zeros(2)
        dense[found.terms[row]] = found.values[row]
        assert dense.tolist() == terms[[movie]].toarray()[0].tolist()


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
    ratings = [(0, 0, 1.0), (0, 1, -0.5), (2, 1, 0.5), (2, 2, -1.0), (2, 0, 2.0)]
    arguments = kernel_arguments(ratings, np.array([[1.0], [0.0], [1.0]]))
    shapes: list[Any] = [3, (3, 2), 4, (4, 2), (3, 2)]
    compiled = as_the_kernel_takes_them(tuple(rng.normal(0.0, 0.1, shape) for shape in shapes))
    plain = tuple(array.copy() for array in compiled)
    rates = np.float32(0.05), np.float32(0.02)
    ours = _kernel()(*arguments, compiled, *rates)
    assert ours == pytest.approx(_epoch(*arguments, plain, *rates), rel=1e-6)
    for found, expected in zip(compiled, plain, strict=True):
        assert found == pytest.approx(expected, abs=1e-6)
