from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import UsageError
from recommender.models.bias import BiasScorer
from recommender.models.factors import Factors, WarmStart, aligned_rows
from recommender.models.gradient_descent import SGDSettings, train_on
from recommender.models.indexed import IndexedRatings
from recommender.models.nmf import NMFScorer
from recommender.models.ratings_by_user import RatingsByUser
from recommender.models.svd import SVDScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(n_factors=6, n_epochs=8, nmf_epochs=1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 50, 100])
def test_rows_begin_with_a_cache_line(dtype: type, width: int) -> None:
    rows = aligned_rows(5, width, dtype)
    assert rows.shape[1] >= width
    assert not rows.any()
    assert rows.flags.c_contiguous
    assert rows.ctypes.data % 64 == 0
    assert rows.strides[0] % 64 == 0


def test_rows_are_drawn_as_if_all_at_once() -> None:
    users = np.arange(2500)
    ratings = RatingsByUser.of_columns(users, users % 3, np.ones(users.size), users.size, 3)
    factors = Factors.zeros(users.size, 3, 2, np.float64, implicit=False)
    factors.draw(ratings, 2, 0.5, 0.1, seed=4)
    rng = np.random.RandomState(4)
    assert np.array_equal(factors.user_factors[:-1, :2], rng.normal(0.5, 0.1, (2500, 2)))
    assert np.array_equal(factors.movie_factors[:-1, :2], rng.normal(0.5, 0.1, (3, 2)))


@pytest.fixture(scope="module")
def model(ratings_of_taste: Dataset) -> SVDScorer:
    """Knows the first fifty users and thirty movies."""
    ratings = ratings_of_taste.ratings
    known = (ratings["user_id"] <= 50) & (ratings["movie_id"] <= 30)
    return SVDScorer(PARAMS, seed=1).fit(ratings_of_taste.with_ratings(ratings[known]))


@pytest.mark.parametrize("implicit", [False, True])
def test_a_warm_start_estimates_as_the_model_did(
    model: SVDScorer, indexed: IndexedRatings, implicit: bool
) -> None:
    settings = SGDSettings(6, 0, implicit=implicit, precision="double")
    start = train_on(indexed, settings, 2, warm_start=WarmStart.of_part(model.part)).estimates
    known = (indexed.users < 50) & (indexed.movies < 30)
    users, movies = indexed.users[known], indexed.movies[known]
    found = start.pairs(users, movies)
    expected = model.part.estimates.pairs(users, movies)
    assert found == pytest.approx(expected, abs=1e-6)
    assert start.mean != pytest.approx(model.part.estimates.mean, abs=1e-6)


def test_what_is_new_to_the_model_is_drawn(model: SVDScorer, indexed: IndexedRatings) -> None:
    settings = SGDSettings(6, 0)
    cold = train_on(indexed, settings, 2).estimates
    warm = train_on(indexed, settings, 2, warm_start=WarmStart.of_part(model.part)).estimates
    assert np.array_equal(warm.user_factors[50:], cold.user_factors[50:])
    assert np.array_equal(warm.movie_factors[30:], cold.movie_factors[30:])
    assert not np.isclose(warm.user_factors[:50], cold.user_factors[:50]).any(axis=1).all()
    assert warm.movie_factors[30:40].any(axis=1).all()
    assert not warm.movie_factors[40:].any()


def test_a_warm_start_is_ahead(model: SVDScorer, indexed: IndexedRatings) -> None:
    settings = SGDSettings(6, 1, 0.01, 0.1)
    cold = train_on(indexed, settings, 2)
    warm = train_on(indexed, settings, 2, warm_start=WarmStart.of_part(model.part))
    assert warm.train_rmse[0] < cold.train_rmse[0] - 0.01


def test_another_number_of_factors_is_refused(model: SVDScorer, indexed: IndexedRatings) -> None:
    start = WarmStart.of_part(model.part)
    with pytest.raises(UsageError, match="6 factors, and 7 are wanted"):
        train_on(indexed, SGDSettings(7, 1), 2, warm_start=start)


def test_only_factors_can_be_started_from(ratings_of_taste: Dataset) -> None:
    nmf = NMFScorer(PARAMS).fit(ratings_of_taste)
    with pytest.raises(UsageError, match="'svd'"):
        WarmStart.of_part(nmf.part)
    bias = BiasScorer(PARAMS).fit(ratings_of_taste)
    assert WarmStart.of_part(bias.part).estimates.user_factors.shape[1] == 0
