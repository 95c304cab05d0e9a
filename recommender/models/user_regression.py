"""A Bayesian linear regression for each user, with a prior learned from all users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.inference.scores import FactorScores
from recommender.models.interactions import Interactions
from recommender.schema import FloatArray, IntArray

_USERS_A_CHUNK = 4096
_MIN_VARIANCE = 1e-8


@dataclass(eq=False)
class UserRegression:
    """``r_ui = mean + b_i + w_u . [1, x_i] + noise`` with ``w_u ~ Normal(m, S)``.

    ``m``, ``S`` and the noise are estimated by expectation-maximization over users (empirical
    Bayes; Dempster, Laird and Rubin 1977; the random-effects model of Laird and Ware 1982). The
    posterior mean of ``w_u`` shrinks a user with few ratings to ``m``, which also serves users
    without any.

    Attributes:
        n_rounds: Rounds of expectation-maximization.
        max_users: Most users from which ``m``, ``S`` and the noise are learned: every n-th user.
        bias_variance: Starting variance of a user's bias, stars squared.
        factor_variance: Starting variance of each weight.
    """

    n_rounds: int = 8
    max_users: int = 4000
    bias_variance: float = 0.15
    factor_variance: float = 0.05

    def fit(self, data: Interactions, biases: FactorScores, features: FloatArray) -> FactorScores:
        """Fit the weights of every user.

        Args:
            data: The ratings.
            biases: Whose mean and movie biases are taken as given.
            features: Shape (n_movies, n_features).

        Returns:
            Scores whose movie factors are ``features``; the last user is the prior mean.
        """
        n_users = len(data.users)
        design = np.hstack([np.ones((len(features), 1)), features])
        above = data.rating - biases.mean - biases.movie_bias[data.movie]
        with_ratings = np.flatnonzero(data.user_counts[:-1])
        stride = -(-with_ratings.size // self.max_users)
        with threadpool_limits(limits=1):
            prior = self._learn_prior(data, design, above, with_ratings[::stride])
            weights = np.tile(prior.mean, (n_users + 1, 1))
            for start in range(0, with_ratings.size, _USERS_A_CHUNK):
                users = with_ratings[start : start + _USERS_A_CHUNK]
                gram, moment, _ = _statistics(data, design, above, users)
                weights[users] = prior.posterior(gram, moment)[0]
        return FactorScores(
            mean=biases.mean,
            user_bias=weights[:, 0].copy(),
            movie_bias=biases.movie_bias,
            user_factors=weights[:, 1:].copy(),
            movie_factors=np.vstack([features, np.zeros((1, features.shape[1]))]),
            from_content=True,
        )

    def _learn_prior(
        self, data: Interactions, design: FloatArray, above: FloatArray, users: IntArray
    ) -> _Prior:
        width = design.shape[1]
        variances = np.r_[self.bias_variance, np.full(width - 1, self.factor_variance)]
        prior = _Prior(np.zeros(width), np.diag(variances), float(above.var()) + _MIN_VARIANCE)
        gram, moment, squares = _statistics(data, design, above, users)
        n = float(data.user_counts[users].sum())
        for _ in range(self.n_rounds):
            means, spreads = prior.posterior(gram, moment)
            centre = means.mean(axis=0)
            away = means - centre
            covariance = (away.T @ away + spreads.sum(axis=0)) / len(users)
            explained = 2 * (means * moment).sum() - np.einsum(
                "ui,uij,uj->", means, gram, means, optimize=True
            )
            noise = (squares - explained + np.einsum("uij,uij->", spreads, gram)) / n
            ridge = _MIN_VARIANCE * np.eye(width)
            prior = _Prior(centre, covariance + ridge, max(float(noise), _MIN_VARIANCE))
        return prior


@dataclass(frozen=True, eq=False)
class _Prior:
    mean: FloatArray
    covariance: FloatArray
    noise: float

    def posterior(self, gram: FloatArray, moment: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return posterior means (n, d) and covariances (n, d, d) of users' weights."""
        precision = np.linalg.inv(self.covariance)
        spreads = np.linalg.inv(gram / self.noise + precision)
        means = np.einsum("uij,uj->ui", spreads, moment / self.noise + precision @ self.mean)
        return means, spreads


def _statistics(
    data: Interactions, design: FloatArray, above: FloatArray, users: IntArray
) -> tuple[FloatArray, FloatArray, float]:
    """Return ``X'X`` (n, d, d), ``X'y`` (n, d) and the sum of ``y'y`` for ``users``."""
    width = design.shape[1]
    gram, moment = np.zeros((users.size, width, width)), np.zeros((users.size, width))
    squares = 0.0
    for row, user in enumerate(users.tolist()):
        part = slice(data.user_starts[user], data.user_starts[user + 1])
        x, y = design[data.movie[part]], above[part]
        gram[row], moment[row] = x.T @ x, x.T @ y
        squares += float(y @ y)
    return gram, moment, squares
