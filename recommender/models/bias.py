"""Bias only: how generous a user is, and how good a movie."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np

from recommender.inference.estimates import Estimates, FactorEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.indexed import Floats, IndexedRatings, Positions
from recommender.models.part_scorer import PartScorer
from recommender.schema import Dataset

#: The two conditional minima are taken in turn; the steps shrink by a factor of about two each.
_ITERATIONS = 20


def fit_bias(data: IndexedRatings, user_damping: float, movie_damping: float) -> FactorEstimates:
    """Return the damped biases of users and movies.

    They minimise ``sum (r - m - b_u - b_i)^2 + user_damping |b_u|^2 + movie_damping |b_i|^2``
    with ``m`` the mean rating, by alternating between the closed forms

        b_i = sum_u (r - m - b_u) / (n_i + movie_damping)
        b_u = sum_i (r - m - b_i) / (n_u + user_damping)

    (Koren 2010, "Factor in the neighbors", section 2.1, where the first is taken once with
    ``b_u = 0``). Someone or something new has the bias 0.
    """
    order = data.by_user
    ratings = data.user_starts, data.movies[order], data.stars[order] - data.mean
    user_bias, movie_bias = np.zeros(data.n_users), np.zeros(data.n_movies)
    for _ in range(_ITERATIONS):
        _kernel()(*ratings, user_bias, movie_bias, user_damping, movie_damping)
    return FactorEstimates(
        mean=data.mean,
        user_bias=np.append(user_bias, 0.0),
        movie_bias=np.append(movie_bias, 0.0),
        user_factors=np.zeros((data.n_users + 1, 0)),
        movie_factors=np.zeros((data.n_movies + 1, 0)),
    )


def _alternate(  # noqa: PLR0917 - numba takes no keywords
    starts: Positions,
    movies: Positions,
    deviations: Floats,
    user_bias: Floats,
    movie_bias: Floats,
    user_damping: float,
    movie_damping: float,
) -> None:
    """Take the closed form of the movies' biases, then that of the users', in place.

    Args:
        starts: Shape (n_users + 1,), where each user's ratings begin.
        movies: Shape (n,), positions.
        deviations: Shape (n,), ratings less their mean.
        user_bias: Shape (n_users,).
        movie_bias: Shape (n_movies,).
        user_damping: Pseudo-ratings of each user.
        movie_damping: Pseudo-ratings of each movie.
    """
    counts = np.zeros(movie_bias.size)
    sums = np.zeros(movie_bias.size)
    for user in range(user_bias.size):
        for row in range(starts[user], starts[user + 1]):
            sums[movies[row]] += deviations[row] - user_bias[user]
            counts[movies[row]] += 1.0
    for movie in range(movie_bias.size):
        weight = counts[movie] + movie_damping
        movie_bias[movie] = sums[movie] / weight if weight > 0.0 else 0.0
    for user in range(user_bias.size):
        total = 0.0
        for row in range(starts[user], starts[user + 1]):
            total += deviations[row] - movie_bias[movies[row]]
        weight = starts[user + 1] - starts[user] + user_damping
        user_bias[user] = total / weight if weight > 0.0 else 0.0


@cache
def _kernel() -> Callable[..., Any]:
    """Return `_alternate`, compiled at its first call or taken from the cache on disk."""
    kernel: Callable[..., Any] = numba.njit(cache=True, nogil=True)(_alternate)
    return kernel


def damped_means(groups: Positions, values: Floats, n_groups: int, damping: float) -> Floats:
    """Return ``sum(values) / (n + damping)`` of each group, 0 for an empty one.

    >>> damped_means(np.array([0, 0, 2]), np.array([1.0, 2.0, 4.0]), 3, 1.0).tolist()
    [1.0, 0.0, 2.0]
    """
    sums = np.bincount(groups, weights=values, minlength=n_groups)
    counts = np.bincount(groups, minlength=n_groups) + damping
    return np.asarray(np.divide(sums, counts, out=np.zeros(n_groups), where=counts > 0))


class BiasScorer(PartScorer):
    """Estimates mean plus user bias plus movie bias, and ranks by it."""

    name = "bias"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return the biases; they order movies alike for everyone."""
        del dataset
        estimates = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        return estimates, EstimateRanking(estimates)
