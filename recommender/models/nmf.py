"""Non-negative matrix factorization with multiplicative updates, compiled by numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

from recommender.inference.estimates import Estimates, FactorEstimates, FallbackEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.bias import fit_bias
from recommender.models.divergence import require_finite
from recommender.models.factors import aligned_rows
from recommender.models.indexed import IndexedRatings, Positions
from recommender.models.lanes import LANES, added, dot, load, store
from recommender.models.part_scorer import PartScorer
from recommender.models.sgd_kernels import fetch_row
from recommender.schema import Dataset
from recommender.settings import ModelParams

#: Regularization of users' and of movies' factors, and the range of the start, as in Surprise.
_PENALTY = 0.06
_LOWEST, _HIGHEST = 0.0, 1.0
#: Ratings from the one that is looked at to the one whose movie is fetched.
_AHEAD = 8

Singles = npt.NDArray[np.float32]


def fit_nmf(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return non-negative factors (Luo et al. 2014, equation 10).

    The estimate is ``p_u . q_i`` without biases, so it says nothing of what is unknown. Start,
    updates and options are those of scikit-surprise's NMF, and so is the result but for rounding
    to single precision.

    Raises:
        TrainingError: A factor is not finite.
    """
    n_factors = params.nmf_factors
    rng = np.random.RandomState(seed)
    users = aligned_rows(data.n_users + 1, n_factors, np.float32)
    # A movie's factors and the two sums by which they are multiplied lie side by side.
    movies = aligned_rows(data.n_movies + 1, 3 * users.shape[1], np.float32)
    for factors, counts in ((users, data.user_counts), (movies, data.movie_counts)):
        known = np.flatnonzero(counts)
        factors[known, :n_factors] = rng.uniform(_LOWEST, _HIGHEST, (known.size, n_factors))
    order = data.by_user
    ratings = (
        data.user_starts,
        data.movies[order].astype(np.uint32),
        data.stars[order].astype(np.float32),
        data.movie_counts,
    )
    for _ in range(params.nmf_epochs):
        _kernel()(*ratings, users, movies, np.float32(_PENALTY))
    estimates = FactorEstimates(
        mean=0.0,
        user_bias=np.zeros(data.n_users + 1),
        movie_bias=np.zeros(data.n_movies + 1),
        user_factors=users[:, :n_factors].copy(),
        movie_factors=movies[:, :n_factors].copy(),
    )
    require_finite(vars(estimates), "NMF", remedy="Set nmf_factors or nmf_epochs lower.")
    return estimates


def _epoch(  # noqa: PLR0917 - numba takes no keywords
    starts: Positions,
    movies: npt.NDArray[np.uint32],
    stars: Singles,
    counts: Positions,
    user_factors: Singles,
    movie_rows: Singles,
    penalty: Any,
) -> None:
    """Multiply all factors once, in place, users and movies by the estimates before the epoch.

    With ``e_ui`` the estimate, ``p_uf *= sum_i q_if r_ui / sum_i (q_if e_ui + penalty p_uf)`` over
    the movies that the user rated, and likewise ``q_if`` over the users who rated the movie.

    Args:
        starts: Shape (n_users + 1,), where each user's ratings begin.
        movies: Shape (n,), positions.
        stars: Shape (n,).
        counts: Shape (n_movies,), ratings of each movie.
        user_factors: Shape (n_users + 1, d), ``d`` a multiple of `LANES`.
        movie_rows: Shape (n_movies + 1, 3 d): factors, and room for two sums.
        penalty: L2 regularization.
    """
    width = user_factors.shape[1]
    movie_rows[:, width:] = np.float32(0.0)
    sums = np.zeros((1, 2 * width), dtype=np.float32)
    for user in range(starts.size - 1):
        sums[:] = np.float32(0.0)
        for row in range(starts[user], starts[user + 1]):
            if row + _AHEAD < movies.size:
                fetch_row(movie_rows, movies[row + _AHEAD])
            movie = movies[row]
            estimate = np.float32(0.0)
            for at in range(0, width, LANES):
                estimate += dot(load(user_factors, user, at), load(movie_rows, movie, at))
            for at in range(0, width, LANES):
                other, own = load(movie_rows, movie, at), load(user_factors, user, at)
                for weight, place in ((stars[row], at), (estimate, width + at)):
                    store(sums, 0, place, added(load(sums, 0, place), weight, other))
                    met = load(movie_rows, movie, width + place)
                    store(movie_rows, movie, width + place, added(met, weight, own))
        _multiply(user_factors[user], sums[0], penalty * (starts[user + 1] - starts[user]))
    for movie in range(counts.size):
        own = movie_rows[movie]
        _multiply(own[:width], own[width:], penalty * counts[movie])


@register_jitable  # type: ignore[untyped-decorator]  # numba has no types
def _multiply(factors: Singles, sums: Singles, penalty: Any) -> None:
    """Multiply a row of factors by the given over the expected, which ``sums`` hold in turn."""
    for f in range(factors.size):
        scale = sums[factors.size + f] + penalty * factors[f]
        if scale > 0.0:
            factors[f] *= sums[f] / scale


@cache
def _kernel() -> Callable[..., Any]:
    """Return `_epoch`, compiled at its first call or taken from the cache on disk.

    Sums over factors may be reordered, for SIMD.
    """
    options = {"nogil": True, "cache": True, "error_model": "numpy"}
    kernel: Callable[..., Any] = numba.njit(**options)(_epoch)
    return kernel


class NMFScorer(PartScorer):
    """Estimates by non-negative factors, and by biases where user or movie is unknown."""

    name = "nmf"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return the factors with the biases to fall back on."""
        del dataset
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        factors = fit_nmf(data, self.params, self.seed)
        estimates = FallbackEstimates(factors, bias, data.known_users, data.known_movies)
        return estimates, EstimateRanking(estimates)
