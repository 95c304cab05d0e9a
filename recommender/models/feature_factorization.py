"""Factors and biases as sums over features, by gradient descent: side information for large data.

The estimate is ``m + b_u + b_i + p_u . q_i`` (Chen et al. 2012, "SVDFeature", equation 1) with

    p_u = P_u + |I_u|^-1/2 sum_{j in I_u} Y_j,     q_i = Q_i + sum_f x_if T_f,

where ``I_u`` are the movies that user u rated and f the terms of movie i; a movie's bias is the
sum over the same features, a user's is the user's own. The ratings of a user are visited together,
so that the sum over ``I_u`` is made once for all of them and its change is handed on to the
``Y_j`` at the end (section 3.2 there, user-wise training).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numba
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numba.extending import register_jitable

from recommender.inference.estimates import FactorEstimates
from recommender.models.divergence import diverged, largest_rmse
from recommender.models.factors import aligned_rows
from recommender.models.gradient_descent import EpochReport, OnEpoch
from recommender.models.indexed import IndexedRatings
from recommender.models.lanes import LANES, added, dot, load, scaled, store
from recommender.models.sgd_kernels import fetch_row
from recommender.models.side_information import FeatureBlock, content_block
from recommender.settings import ModelParams

Singles = npt.NDArray[np.float32]
#: Spread of the factors that gradient descent starts from.
_START_SPREAD = 0.1
#: Ratings from the one that is learned from to the one whose movie is fetched.
_AHEAD = 8


@dataclass(frozen=True, eq=False)
class TermSets:
    """Movies' terms, each set that movies have in common once: they are few and stay in the cache.

    Attributes:
        sets: Shape (n_movies,), the set of each movie.
        starts: Shape (n_sets + 1,), where each set begins.
        terms: Shape (n,).
        values: Shape (n,), how much each term of a set counts.
    """

    sets: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int32]
    values: Singles

    @classmethod
    def of(cls, matrix: sp.csr_array) -> Self:
        """Return the rows of ``matrix``, movies by terms; the same terms count the same."""
        ends = zip(matrix.indptr[:-1].tolist(), matrix.indptr[1:].tolist(), strict=True)
        rows = [matrix.indices[start:end].tobytes() for start, end in ends]
        firsts = {row: movie for movie, row in reversed(list(enumerate(rows)))}
        numbers = {row: number for number, row in enumerate(firsts)}
        distinct = sp.csr_array(matrix[list(firsts.values())])
        return cls(
            np.array([numbers[row] for row in rows], dtype=np.int32),
            distinct.indptr.astype(np.int64),
            distinct.indices.astype(np.int32),
            distinct.data.astype(np.float32),
        )

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return the arrays in the order that the kernel takes them."""
        return self.sets, self.starts, self.terms, self.values


@dataclass(frozen=True, eq=False)
class Weights:
    """What gradient descent changes in place; factors fill whole cache lines, with zeros.

    Attributes:
        user_bias: Shape (n_users,).
        user_factors: Shape (n_users, d).
        movie_bias: Shape (n_movies,), of the movies themselves, as the next.
        movie_factors: Shape (n_movies, d).
        term_bias: Shape (n_terms,).
        term_factors: Shape (n_terms, d).
        implicit: Shape (n_movies, d), the ``Y``.
    """

    user_bias: Singles
    user_factors: Singles
    movie_bias: Singles
    movie_factors: Singles
    term_bias: Singles
    term_factors: Singles
    implicit: Singles

    @classmethod
    def drawn(cls, data: IndexedRatings, block: FeatureBlock, n_factors: int, seed: int) -> Self:
        """Return normal factors of users and of rated movies; all else begins with 0."""
        rng = np.random.default_rng(seed)
        sizes = data.n_users, data.n_movies, block.n_features - block.widths[0]
        users, movies, terms = (aligned_rows(size, n_factors, np.float32) for size in sizes)
        rated = np.flatnonzero(data.movie_counts)
        users[:, :n_factors] = rng.normal(0.0, _START_SPREAD, (len(users), n_factors))
        movies[rated, :n_factors] = rng.normal(0.0, _START_SPREAD, (rated.size, n_factors))
        implicit = aligned_rows(data.n_movies, n_factors, np.float32)
        biases = (np.zeros(size, dtype=np.float32) for size in sizes)
        return cls(next(biases), users, next(biases), movies, next(biases), terms, implicit)

    def arrays(self) -> tuple[Singles, ...]:
        """Return the arrays in the order that the kernel takes them."""
        return tuple(vars(self).values())

    @property
    def finite(self) -> bool:
        """Whether all values are numbers: a sum that takes in NaN or infinity is neither."""
        with np.errstate(all="ignore"):
            return all(np.isfinite(array.sum()) for array in self.arrays())


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
    movie_terms = TermSets.of(_terms(block)[:-1]).arrays()
    weights = Weights.drawn(data, block, params.fm_sgd_factors, seed)
    rates = np.float32(params.fm_sgd_learning_rate), np.float32(params.fm_sgd_regularization)
    largest = largest_rmse(data.stars, params.fm_sgd_factors, 0.0, _START_SPREAD)
    for epoch in range(1, params.fm_sgd_epochs + 1):
        begin = time.perf_counter()
        ratings = starts, movies, deviations
        squares = _kernel()(ratings, movie_terms, weights.arrays(), *rates)
        rmse = math.sqrt(squares / len(data)) if squares >= 0.0 else math.nan
        if not (rmse <= largest and weights.finite):
            rate = params.fm_sgd_learning_rate
            raise diverged("factorization machine", "fm_sgd_learning_rate", epoch, rmse, rate)
        if on_epoch is not None:
            on_epoch(_report(epoch, params.fm_sgd_epochs, rmse, time.perf_counter() - begin))
    return _collapse(data, block, movies, weights, params.fm_sgd_factors)


def _report(epoch: int, n_epochs: int, rmse: float, seconds: float) -> EpochReport:
    return EpochReport(
        epoch=epoch,
        n_epochs=n_epochs,
        train_rmse=rmse,
        validation_rmse=None,
        seconds=seconds,
        remaining_seconds=(n_epochs - epoch) * seconds,
    )


def _terms(block: FeatureBlock) -> sp.csr_array:
    """Return the features of the movies that are not their ids, the unknown movie's last."""
    return sp.csr_array(block.matrix[:, 1 + block.widths[0] :])


def _collapse(
    data: IndexedRatings,
    block: FeatureBlock,
    movies: npt.NDArray[np.int32],
    weights: Weights,
    n_factors: int,
) -> FactorEstimates:
    shares = (1.0 / np.sqrt(np.maximum(data.user_counts, 1))).astype(np.float32)
    rated = sp.csr_array(
        (np.ones(movies.size, dtype=np.float32), movies, data.user_starts),
        shape=(data.n_users, data.n_movies),
    )
    around = shares[:, np.newaxis] * (rated @ weights.implicit)
    raters = data.known_users[:-1, np.newaxis]
    users = np.where(raters, weights.user_factors + around, np.float32(0.0))
    terms = _terms(block).astype(np.float32)
    return FactorEstimates(
        mean=data.mean,
        user_bias=np.append(weights.user_bias, np.float32(0.0)),
        movie_bias=np.append(weights.movie_bias, np.float32(0.0)) + terms @ weights.term_bias,
        user_factors=_with_zeros(users)[:, :n_factors].copy(),
        movie_factors=(_with_zeros(weights.movie_factors) + terms @ weights.term_factors)[
            :, :n_factors
        ].copy(),
    )


def _with_zeros(rows: Singles) -> Singles:
    """Return ``rows`` with one of zeros after the last, for the unknown."""
    return np.vstack([rows, np.zeros((1, rows.shape[1]), dtype=np.float32)])


def _epoch(
    ratings: tuple[Any, Any, Any],
    movie_terms: tuple[Any, Any, Any, Any],
    weights: tuple[Any, ...],
    rate: Any,
    shrinkage: Any,
) -> float:
    """Visit each rating once, user by user, and step along the gradient of its squared error.

    Returns the sum of the squared errors, each taken right before its step.

    Args:
        ratings: Where each user's ratings begin; movies; stars less the mean.
        movie_terms: As `TermSets` has them.
        weights: As `Weights` has them; changed in place.
        rate: Learning rate.
        shrinkage: L2 regularization.
    """
    starts, movies, _ = ratings
    implicit = weights[-1]
    width = implicit.shape[1]
    squares = 0.0
    around = np.zeros((1, width), dtype=np.float32)
    change = np.zeros((1, width), dtype=np.float32)
    for user in range(starts.size - 1):
        first, last = starts[user], starts[user + 1]
        if first == last:
            continue
        share = np.float32(1.0 / np.sqrt(last - first))
        around[:] = np.float32(0.0)
        for row in range(first, last):
            if row + _AHEAD < movies.size:
                fetch_row(implicit, movies[row + _AHEAD])
            for at in range(0, width, LANES):
                rated = load(implicit, movies[row], at)
                store(around, 0, at, added(load(around, 0, at), share, rated))
        change[:] = -around
        squares += _learn_user(user, ratings, movie_terms, weights, around, rate, shrinkage)
        change += around
        for row in range(first, last):
            if row + _AHEAD < movies.size:
                fetch_row(implicit, movies[row + _AHEAD])
            for at in range(0, width, LANES):
                rated = load(implicit, movies[row], at)
                store(implicit, movies[row], at, added(rated, share, load(change, 0, at)))
    return squares


@register_jitable  # type: ignore[untyped-decorator]  # numba has no types
def _learn_user(  # noqa: PLR0917 - numba takes no keywords
    user: int,
    ratings: tuple[Any, Any, Any],
    movie_terms: tuple[Any, Any, Any, Any],
    weights: tuple[Any, ...],
    around: Singles,
    rate: Any,
    shrinkage: Any,
) -> float:
    """Visit the ratings of one user, with the sum of the ``Y`` in ``around``, shape (1, d)."""
    starts, movies, deviations = ratings
    sets, begins, terms, values = movie_terms
    user_bias, user_factors, movie_bias, movie_factors, term_bias, term_factors, _ = weights
    width = user_factors.shape[1]
    one = np.float32(1.0)
    keep = one - rate * shrinkage
    taste = np.zeros((1, width), dtype=np.float32)
    whole = np.zeros((1, width), dtype=np.float32)
    squares = 0.0
    for row in range(starts[user], starts[user + 1]):
        if row + _AHEAD < movies.size:
            fetch_row(movie_factors, movies[row + _AHEAD])
        movie = movies[row]
        begin, end = begins[sets[movie]], begins[sets[movie] + 1]
        error = deviations[row] - user_bias[user] - movie_bias[movie]
        for place in range(begin, end):
            error -= values[place] * term_bias[terms[place]]
        for at in range(0, width, LANES):
            summed = load(movie_factors, movie, at)
            for place in range(begin, end):
                summed = added(summed, values[place], load(term_factors, terms[place], at))
            own = added(load(user_factors, user, at), one, load(around, 0, at))
            error -= dot(own, summed)
            store(whole, 0, at, summed)
            store(taste, 0, at, own)
        squares += np.float64(error) * np.float64(error)
        step = rate * error
        user_bias[user] = keep * user_bias[user] + step
        movie_bias[movie] = keep * movie_bias[movie] + step
        for place in range(begin, end):
            term = terms[place]
            term_bias[term] = keep * term_bias[term] + values[place] * step
        for at in range(0, width, LANES):
            pull = scaled(step, load(whole, 0, at))
            store(user_factors, user, at, added(pull, keep, load(user_factors, user, at)))
            store(around, 0, at, added(pull, keep, load(around, 0, at)))
            own = load(taste, 0, at)
            pull = scaled(step, own)
            store(movie_factors, movie, at, added(pull, keep, load(movie_factors, movie, at)))
            for place in range(begin, end):
                pull = scaled(values[place] * step, own)
                term = terms[place]
                store(term_factors, term, at, added(pull, keep, load(term_factors, term, at)))
    return squares


@cache
def _kernel() -> Callable[..., float]:
    """Return `_epoch`, compiled at its first call or taken from the cache on disk.

    Sums over ratings and terms may be reordered; NaN and infinity keep their meaning.
    """
    options = {"nogil": True, "cache": True, "fastmath": {"reassoc", "contract", "arcp", "nsz"}}
    kernel: Callable[..., float] = numba.njit(**options, error_model="numpy")(_epoch)
    return kernel
