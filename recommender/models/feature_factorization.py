"""Factors and biases as sums over features, by gradient descent: side information for large data.

The estimate is ``m + b_u + b_i + p_u . q_i`` (Chen et al. 2012, "SVDFeature", equation 1) with

    p_u = P_u + |I_u|^-1/2 sum_{j in I_u} Y_j,     q_i = Q_i + sum_f x_if T_f,

where ``I_u`` are the movies that user u rated and f the terms of movie i; a movie's bias is the
sum over the same features, a user's is the user's own. The ratings of a user are visited together,
so that the sum over ``I_u`` is made once for all of them and its change is handed on to the
``Y_j`` at the end (section 3.2 there, user-wise training).
"""

from __future__ import annotations

import functools
import importlib
import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.inference.estimates import FactorEstimates
from recommender.models.divergence import diverged, largest_rmse
from recommender.models.gradient_descent import EpochReport, OnEpoch
from recommender.models.indexed import IndexedRatings
from recommender.models.side_information import FeatureBlock, content_block
from recommender.settings import ModelParams

Singles = npt.NDArray[np.float32]
#: Spread of the factors that gradient descent starts from.
_START_SPREAD = 0.1


def fit_by_gradient_descent(
    data: IndexedRatings,
    terms: list[list[str]],
    params: ModelParams,
    seed: int,
    on_epoch: OnEpoch | None = None,
) -> FactorEstimates:
    """Return the factors that gradient descent in single precision finds, on one thread.

    A movie without ratings has the factors and the bias of its terms; the unknown user has 0.

    Args:
        data: The ratings.
        terms: Content terms of each movie, as `movie_terms` gives them.
        params: Hyper-parameters.
        seed: Seed of the start.
        on_epoch: Told of each epoch done.

    Raises:
        TrainingError: The loss diverges.
    """
    order, starts = data.by_user, data.user_starts
    movies = data.movies[order].astype(np.int32)
    deviations = (data.stars[order] - data.mean).astype(np.float32)
    block = content_block(data, terms, params.fm_content)
    features = block.matrix[:-1, 1:]
    columns = (
        features.indptr.astype(np.int64),
        features.indices.astype(np.int32),
        features.data.astype(np.float32),
    )
    weights = _start(data, block, params.fm_sgd_factors, seed)
    rates = np.float32(params.fm_sgd_learning_rate), np.float32(params.fm_sgd_regularization)
    largest = largest_rmse(data.stars, params.fm_sgd_factors, 0.0, _START_SPREAD)
    for epoch in range(1, params.fm_sgd_epochs + 1):
        begin = time.perf_counter()
        squares = _compiled()((starts, movies, deviations), columns, weights, *rates)
        rmse = math.sqrt(squares / len(data)) if squares >= 0.0 else math.nan
        if not (rmse <= largest and _finite(weights)):
            rate = params.fm_sgd_learning_rate
            raise diverged("factorization machine", "fm_sgd_learning_rate", epoch, rmse, rate)
        if on_epoch is not None:
            on_epoch(_report(epoch, params.fm_sgd_epochs, rmse, time.perf_counter() - begin))
    return _collapse(data, block, (starts, movies), weights)


def _report(epoch: int, n_epochs: int, rmse: float, seconds: float) -> EpochReport:
    return EpochReport(
        epoch=epoch,
        n_epochs=n_epochs,
        train_rmse=rmse,
        validation_rmse=None,
        seconds=seconds,
        remaining_seconds=(n_epochs - epoch) * seconds,
    )


def _finite(weights: tuple[Singles, ...]) -> bool:
    with np.errstate(all="ignore"):
        return all(np.isfinite(array.sum()) for array in weights)


def _start(
    data: IndexedRatings, block: FeatureBlock, n_factors: int, seed: int
) -> tuple[Singles, ...]:
    """Return biases and factors: of users, of movies' features, of what users rated."""
    rng = np.random.default_rng(seed)

    def drawn(size: int) -> Singles:
        return rng.normal(0.0, _START_SPREAD, (size, n_factors)).astype(np.float32)

    own_features = np.zeros((block.n_features, n_factors), dtype=np.float32)
    own_features[: block.widths[0]] = drawn(block.widths[0])
    return (
        np.zeros(data.n_users, dtype=np.float32),
        drawn(data.n_users),
        np.zeros(block.n_features, dtype=np.float32),
        own_features,
        np.zeros((data.n_movies, n_factors), dtype=np.float32),
    )


def _collapse(
    data: IndexedRatings,
    block: FeatureBlock,
    ratings: tuple[Any, Any],
    weights: tuple[Singles, ...],
) -> FactorEstimates:
    user_bias, user_factors, feature_bias, feature_factors, implicit = weights
    starts, movies = ratings
    summed = np.zeros((data.n_users + 1, user_factors.shape[1]), dtype=np.float32)
    for user in np.flatnonzero(data.user_counts).tolist():
        rated = movies[starts[user] : starts[user + 1]]
        summed[user] = user_factors[user] + implicit[rated].sum(axis=0) / np.sqrt(rated.size)
    features = block.matrix[:, 1:].astype(np.float32)
    return FactorEstimates(
        mean=data.mean,
        user_bias=np.append(user_bias, np.float32(0.0)),
        movie_bias=np.asarray(features @ feature_bias),
        user_factors=summed,
        movie_factors=np.asarray(features @ feature_factors),
    )


def _epoch(  # noqa: C901, PLR0912  # one loop nest, which numba compiles as a whole
    ratings: tuple[Any, Any, Any],
    features: tuple[Any, Any, Any],
    weights: tuple[Any, ...],
    rate: Any,
    shrinkage: Any,
) -> float:
    """Visit each rating once, user by user, and step along the gradient of its squared error.

    Returns the sum of the squared errors, each taken right before its step.

    Args:
        ratings: Where each user's ratings begin; movies; stars less the mean.
        features: Movies' features as CSR: starts, columns, values.
        weights: As `_start` gives them; changed in place.
        rate: Learning rate.
        shrinkage: L2 regularization.
    """
    starts, movies, deviations = ratings
    begins, columns, values = features
    user_bias, user_factors, feature_bias, feature_factors, implicit = weights
    n_factors = user_factors.shape[1]
    squares = 0.0
    around = np.zeros(n_factors, dtype=np.float32)
    before = np.zeros(n_factors, dtype=np.float32)
    taste = np.zeros(n_factors, dtype=np.float32)
    movie = np.zeros(n_factors, dtype=np.float32)
    for user in range(starts.size - 1):
        first, last = starts[user], starts[user + 1]
        if first == last:
            continue
        own = user_factors[user]
        share = np.float32(1.0 / np.sqrt(last - first))
        around[:] = 0.0
        for row in range(first, last):
            rated = implicit[movies[row]]
            for k in range(n_factors):
                around[k] += share * rated[k]
        before[:] = around
        for row in range(first, last):
            begin, end = begins[movies[row]], begins[movies[row] + 1]
            movie[:] = 0.0
            error = deviations[row] - user_bias[user]
            for place in range(begin, end):
                feature, value = columns[place], values[place]
                error -= value * feature_bias[feature]
                of_feature = feature_factors[feature]
                for k in range(n_factors):
                    movie[k] += value * of_feature[k]
            for k in range(n_factors):
                taste[k] = own[k] + around[k]
                error -= taste[k] * movie[k]
            squares += np.float64(error) * np.float64(error)
            user_bias[user] += rate * (error - shrinkage * user_bias[user])
            for k in range(n_factors):
                pull = error * movie[k]
                own[k] += rate * (pull - shrinkage * own[k])
                around[k] += rate * (pull - shrinkage * around[k])
            for place in range(begin, end):
                feature, value = columns[place], values[place]
                pull = value * error
                feature_bias[feature] += rate * (pull - shrinkage * feature_bias[feature])
                of_feature = feature_factors[feature]
                for k in range(n_factors):
                    of_feature[k] += rate * (pull * taste[k] - shrinkage * of_feature[k])
        for row in range(first, last):
            rated = implicit[movies[row]]
            for k in range(n_factors):
                rated[k] += share * (around[k] - before[k])
    return squares


@functools.cache
def _compiled() -> Any:
    """Compile the loops on first use; reassociation lets sums over factors run in vectors."""
    numba = importlib.import_module("numba")
    return numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})(_epoch)
