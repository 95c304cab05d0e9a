"""Non-negative matrix factorization with multiplicative updates, compiled by numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np

from recommender.inference.estimates import Estimates, FactorEstimates, FallbackEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.bias import fit_bias
from recommender.models.divergence import require_finite
from recommender.models.indexed import Floats, IndexedRatings, Positions
from recommender.models.part_scorer import PartScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams

#: Regularization of users' and of movies' factors, and the range of the start, as in Surprise.
_PENALTY = 0.06
_LOWEST, _HIGHEST = 0.0, 1.0


def fit_nmf(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return non-negative factors (Luo et al. 2014, equation 10).

    The estimate is ``p_u . q_i`` without biases, so it says nothing of what is unknown. Start,
    updates and options are those of scikit-surprise's NMF, and so is the result but for rounding.
    """
    users, movies = np.flatnonzero(data.user_counts), np.flatnonzero(data.movie_counts)
    rng = np.random.RandomState(seed)
    user_factors = np.zeros((data.n_users + 1, params.nmf_factors))
    movie_factors = np.zeros((data.n_movies + 1, params.nmf_factors))
    for factors, known in ((user_factors, users), (movie_factors, movies)):
        factors[known] = rng.uniform(_LOWEST, _HIGHEST, (known.size, params.nmf_factors))
    order = data.by_user
    ratings = data.user_starts, data.movies[order], data.stars[order]
    for _ in range(params.nmf_epochs):
        _kernel()(*ratings, user_factors, movie_factors, _PENALTY)
    estimates = FactorEstimates(
        mean=0.0,
        user_bias=np.zeros(data.n_users + 1),
        movie_bias=np.zeros(data.n_movies + 1),
        user_factors=user_factors,
        movie_factors=movie_factors,
    )
    require_finite(vars(estimates), "NMF", remedy="Set nmf_factors or nmf_epochs lower.")
    return estimates


def _epoch(  # noqa: PLR0917 - numba takes no keywords
    starts: Positions,
    movies: Positions,
    stars: Floats,
    user_factors: Floats,
    movie_factors: Floats,
    penalty: float,
) -> None:
    """Multiply all factors once, in place, users and movies by the estimates before the epoch.

    With ``e_ui`` the estimate, ``p_uf *= sum_i q_if r_ui / sum_i (q_if e_ui + penalty p_uf)`` over
    the movies that the user rated, and likewise ``q_if`` over the users who rated the movie.

    Args:
        starts: Shape (n_users + 1,), where each user's ratings begin.
        movies: Shape (n,), positions.
        stars: Shape (n,).
        user_factors: Shape (n_users + 1, d).
        movie_factors: Shape (n_movies + 1, d).
        penalty: L2 regularization.
    """
    n_factors = user_factors.shape[1]
    counts = np.zeros(movie_factors.shape[0])
    given, expected = np.zeros_like(movie_factors), np.zeros_like(movie_factors)
    own_given, own_expected = np.zeros(n_factors), np.zeros(n_factors)
    for user in range(starts.size - 1):
        own = user_factors[user]
        own_given[:] = 0.0
        own_expected[:] = 0.0
        for row in range(starts[user], starts[user + 1]):
            movie = movies[row]
            other = movie_factors[movie]
            estimate = 0.0
            for f in range(n_factors):
                estimate += own[f] * other[f]
            counts[movie] += 1.0
            for f in range(n_factors):
                own_given[f] += other[f] * stars[row]
                own_expected[f] += other[f] * estimate
                given[movie, f] += own[f] * stars[row]
                expected[movie, f] += own[f] * estimate
        weight = penalty * (starts[user + 1] - starts[user])
        for f in range(n_factors):
            scale = own_expected[f] + weight * own[f]
            if scale > 0.0:
                own[f] *= own_given[f] / scale
    for movie in range(counts.size):
        for f in range(n_factors):
            scale = expected[movie, f] + penalty * counts[movie] * movie_factors[movie, f]
            if scale > 0.0:
                movie_factors[movie, f] *= given[movie, f] / scale


@cache
def _kernel() -> Callable[..., Any]:
    """Return `_epoch`, compiled at its first call or taken from the cache on disk.

    Sums over factors may be reordered, for SIMD.
    """
    options = {"nogil": True, "cache": True, "fastmath": {"reassoc", "contract"}}
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
