"""The kernels: compiled they do what their Python says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import environment
from recommender.models.factors import Factors
from recommender.models.ratings_by_user import RatingsByUser
from recommender.models.sgd_kernels import svd_kernel, svd_plus_plus_kernel

STARS = np.array([1.0, 5.0, 3.0, 4.0, 2.0, 2.5])


@pytest.fixture
def ratings() -> RatingsByUser:
    """Three users, the second of whom has rated nothing, and four movies."""
    users, movies = np.array([0, 0, 2, 2, 2, 0]), np.array([1, 0, 3, 1, 2, 3])
    return RatingsByUser.of_columns(users, movies, STARS, 3, 4)


def drawn(ratings: RatingsByUser, *, implicit: bool) -> Factors:
    factors = Factors.zeros(3, 4, 5, np.float64, implicit=implicit)
    factors.draw(ratings, 5, 0.0, 0.5, seed=2)
    return factors


def arguments(ratings: RatingsByUser, factors: Factors, *rates: float) -> list[Any]:
    arrays = factors.arrays()
    if len(factors.implicit_factors) == 1:
        del arrays["implicit_factors"]
    columns = [np.arange(3), ratings.starts, ratings.movies, ratings.stars - 3.0]
    return [*columns, *arrays.values(), *map(np.float64, rates)]


@pytest.mark.parametrize(
    ("kernel", "implicit"), [(svd_kernel, False), (svd_plus_plus_kernel, True)]
)
def test_the_compiled_kernel_does_what_its_python_says(
    kernel: Any, implicit: bool, ratings: RatingsByUser
) -> None:
    compiled, plain = drawn(ratings, implicit=implicit), drawn(ratings, implicit=implicit)
    for _ in range(3):
        squares = kernel()(*arguments(ratings, compiled, 0.1, 0.2, 0.3))
        expected = kernel().py_func(*arguments(ratings, plain, 0.1, 0.2, 0.3))
        assert squares == pytest.approx(expected)
    for name, array in compiled.arrays().items():
        assert array == pytest.approx(plain.arrays()[name], abs=1e-12)


@pytest.mark.parametrize(
    ("kernel", "implicit"), [(svd_kernel, False), (svd_plus_plus_kernel, True)]
)
def test_rates_of_zero_measure_and_change_nothing(
    kernel: Any, implicit: bool, ratings: RatingsByUser
) -> None:
    factors = drawn(ratings, implicit=implicit)
    before = factors.copy().arrays()
    squares = kernel()(*arguments(ratings, factors, 0.0, 0.0, 0.3))
    users = np.repeat(np.arange(3), ratings.counts)
    estimates = factors.with_implied(ratings).estimates(3.0, 5).pairs(users, ratings.movies)
    assert squares == pytest.approx(((ratings.stars - estimates) ** 2).sum())
    for name, array in factors.arrays().items():
        assert np.array_equal(array, before[name])


def test_more_ratings_than_are_fetched_ahead() -> None:
    """The last ratings of all have no movie so far ahead."""
    users, movies = np.repeat([0, 1], 9), np.tile(np.arange(9), 2)
    ratings = RatingsByUser.of_columns(users, movies, np.linspace(1.0, 5.0, 18), 2, 9)
    compiled, plain = (Factors.zeros(2, 9, 20, np.float64, implicit=False) for _ in range(2))
    for factors, kernel in ((compiled, svd_kernel()), (plain, svd_kernel().py_func)):
        factors.draw(ratings, 20, 0.0, 0.5, seed=2)
        columns = [ratings.users, ratings.starts, ratings.movies, ratings.stars - 3.0]
        arrays = [value for name, value in factors.arrays().items() if name != "implicit_factors"]
        kernel(*columns, *arrays, *map(np.float64, (0.1, 0.2, 0.3)))
    for name, array in compiled.arrays().items():
        assert array == pytest.approx(plain.arrays()[name], abs=1e-12)


def test_compiled_code_is_kept_with_the_other_state() -> None:
    kernel: Any = svd_kernel()
    assert kernel is svd_kernel()
    assert Path(kernel.stats.cache_path).is_relative_to(os.environ["NUMBA_CACHE_DIR"])
    assert Path(environment.defaults(Path("/v"))["NUMBA_CACHE_DIR"]).is_relative_to("/v")
