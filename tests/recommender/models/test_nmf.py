"""Non-negative factors; that they are Surprise's is in `test_surprise`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.models.indexed import IndexedRatings
from recommender.models.nmf import fit_nmf
from recommender.settings import ModelParams

PARAMS = ModelParams(nmf_factors=3, nmf_epochs=6)


def multiplied_once(
    data: IndexedRatings, users: np.ndarray, movies: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One epoch by whole matrices (Luo et al. 2014, equation 10)."""
    stars = np.zeros((len(users), len(movies)))
    stars[data.users, data.movies] = data.stars
    expected = np.where(stars > 0.0, users @ movies.T, 0.0)
    scaled_users = users * data.user_counts[:, np.newaxis]
    scaled_movies = movies * data.movie_counts[:, np.newaxis]
    return (
        users * (stars @ movies) / (expected @ movies + 0.06 * scaled_users),
        movies * (stars.T @ users) / np.maximum(expected.T @ users + 0.06 * scaled_movies, 1e-9),
    )


@pytest.mark.parametrize("n_factors", [3, 16, 20])
def test_an_epoch_is_that_of_the_equation(indexed: IndexedRatings, n_factors: int) -> None:
    params = replace(PARAMS, nmf_factors=n_factors)
    start, once = (fit_nmf(indexed, replace(params, nmf_epochs=n), seed=3) for n in (0, 1))
    wanted = multiplied_once(
        indexed, start.user_factors[:-1].astype(float), start.movie_factors[:-1].astype(float)
    )
    assert once.user_factors[:-1] == pytest.approx(wanted[0], rel=1e-4)
    assert once.movie_factors[:-1] == pytest.approx(wanted[1], rel=1e-4)


def test_factors_are_single_and_not_negative(indexed: IndexedRatings) -> None:
    found, again = (fit_nmf(indexed, PARAMS, seed=3) for _ in range(2))
    for factors in (found.user_factors, found.movie_factors):
        assert factors.dtype == np.float32
        assert factors.shape[1] == 3
        assert (factors >= 0.0).all()
        assert not factors[-1].any()
    assert found.movie_factors.tobytes() == again.movie_factors.tobytes()
