"""User profiles by hierarchical ridge regression on the features of what each user rated.

User ``u`` rates movie ``i`` with a residual ``e = x_i . p_u + noise`` where ``x_i`` are the movie's
features with a leading 1. Profiles come from a population: ``p_u ~ N(A h_u, S)``, with ``h_u``
what is known of the user beyond the stars. ``A``, ``S`` and the noise are learned by expectation
maximisation (empirical Bayes: Gelman et al., "Bayesian Data Analysis", chapter 15), so that the
data decide how strongly each direction of taste is shrunk; there is no penalty to tune.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.models.indexed import Floats, IndexedRatings

#: Most users from whom the population is learned, spread evenly over all.
_MAX_POPULATION = 1000
_ITERATIONS = 10
#: Users whose profiles are solved at once, which bounds memory.
_CHUNK = 500
#: Starting variances in squared units of the scale: of the intercept, of the rest together.
_INTERCEPT_VARIANCE = 0.15
_WEIGHT_VARIANCE = 0.3
#: Variances below this are rounding, in squared units too.
_FLOOR = 1e-6
_NOISE_FLOOR = 1e-3


@dataclass(frozen=True, eq=False)
class Population:
    """From where profiles come.

    Attributes:
        loadings: Shape (h, d), ``A'``: the mean profile is ``h_u @ loadings``.
        precision: Shape (d, d), the inverse of ``S``.
        noise: Variance of a residual given the profile, squared stars.
    """

    loadings: Floats
    precision: Floats
    noise: float


@dataclass(frozen=True, eq=False)
class _Statistics:
    """Sums over each user's ratings: all that the regression needs to know."""

    gram: Floats
    moment: Floats
    squares: Floats
    counts: npt.NDArray[np.int64]


def fit_profiles(
    data: IndexedRatings, residuals: Floats, features: Floats, covariates: Floats | None = None
) -> Floats:
    """Return the profile of each user, shape (n_users + 1, 1 + d), intercept first.

    Users without ratings get the population's mean for their covariates, and the unknown user in
    the last row that for covariates 0.

    Args:
        data: Who rated what.
        residuals: Shape (n,), what is left to explain of each rating, in stars.
        features: Shape (n_movies, d).
        covariates: Shape (n_users, h), or ``None`` if only the stars are known.
    """
    rows, known = _Rows.of(data, residuals, features), _with_leading_one(data, covariates)
    raters = np.flatnonzero(data.user_counts)
    population = _learn_from_some(rows, known, raters, data.scale.unit)
    profiles = known @ population.loadings
    for start in range(0, raters.size, _CHUNK):
        users = raters[start : start + _CHUNK]
        profiles[users] = _means(rows.statistics(users), profiles[users], population)
    return profiles


def fit_population(
    data: IndexedRatings, residuals: Floats, features: Floats, covariates: Floats | None = None
) -> Population:
    """Return the population of the users' profiles; arguments as of `fit_profiles`."""
    rows, known = _Rows.of(data, residuals, features), _with_leading_one(data, covariates)
    return _learn_from_some(rows, known, np.flatnonzero(data.user_counts), data.scale.unit)


def _learn_from_some(
    rows: _Rows, known: Floats, raters: npt.NDArray[np.int64], unit: float
) -> Population:
    sample = raters[np.unique(np.linspace(0, raters.size - 1, _MAX_POPULATION).astype(int))]
    return learn_population(rows.statistics(sample), known[sample], unit)


def _with_leading_one(data: IndexedRatings, covariates: Floats | None) -> Floats:
    known = np.zeros((data.n_users + 1, 0 if covariates is None else covariates.shape[1]))
    if covariates is not None:
        known[:-1] = covariates
    return np.column_stack([np.ones(len(known)), known])


def learn_population(statistics: _Statistics, known: Floats, unit: float) -> Population:
    """Return the population that makes the users' ratings most likely, by EM.

    Args:
        statistics: Of n users.
        known: Shape (n, h), covariates with a leading 1.
        unit: Of the rating scale, in stars: `RatingScale.unit`.
    """
    n_users, n_weights = statistics.moment.shape
    squared = unit**2
    noise_floor = _NOISE_FLOOR * squared
    n_ratings = int(statistics.counts.sum())
    spread = np.full(n_weights, squared * _WEIGHT_VARIANCE / max(n_weights - 1, 1))
    spread[0] = squared * _INTERCEPT_VARIANCE
    noise = max(float(statistics.squares.sum()) / n_ratings, noise_floor)
    population = Population(np.zeros((known.shape[1], n_weights)), np.diag(1.0 / spread), noise)
    ridge = known.T @ known + np.eye(known.shape[1])
    for _ in range(_ITERATIONS):
        means, covariances = _posterior(statistics, known @ population.loadings, population)
        loadings: Floats = np.linalg.solve(ridge, known.T @ means).astype(np.float64)
        apart = means - known @ loadings
        scatter = (apart.T @ apart + covariances.sum(axis=0)) / n_users
        precision = np.linalg.inv(scatter + _FLOOR * squared * np.eye(n_weights))
        noise = max(_expected_squares(statistics, means, covariances) / n_ratings, noise_floor)
        population = Population(loadings, precision, noise)
    return population


def _posterior(
    statistics: _Statistics, prior_means: Floats, population: Population
) -> tuple[Floats, Floats]:
    """Return means (n, d) and covariances (n, d, d) of profiles given the ratings."""
    precisions = statistics.gram / population.noise + population.precision
    covariances = np.asarray(np.linalg.inv(precisions), dtype=np.float64)
    pulls = statistics.moment / population.noise + prior_means @ population.precision
    return np.einsum("uij,uj->ui", covariances, pulls), covariances


def _means(statistics: _Statistics, prior_means: Floats, population: Population) -> Floats:
    """Return the means of `_posterior` alone, at a third of the work."""
    precisions = statistics.gram / population.noise + population.precision
    pulls = statistics.moment / population.noise + prior_means @ population.precision
    return np.asarray(np.linalg.solve(precisions, pulls[..., np.newaxis])[..., 0])


def _expected_squares(statistics: _Statistics, means: Floats, covariances: Floats) -> float:
    """Return the expected sum of squared residuals given the ratings."""
    explained = np.einsum("ui,ui->", means, statistics.moment)
    fitted = np.einsum("ui,uij,uj->", means, statistics.gram, means, optimize=True)
    uncertain = np.einsum("uij,uij->", covariances, statistics.gram)
    return float(statistics.squares.sum() - 2.0 * explained + fitted + uncertain)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Ratings sorted by user, for sums over some of the users."""

    design: Floats
    movies: npt.NDArray[np.int64]
    residuals: Floats
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, data: IndexedRatings, residuals: Floats, features: Floats) -> Self:
        """Return the ratings of ``data``; arguments as of `fit_profiles`."""
        design = np.column_stack([np.ones(len(features)), features])
        order = data.by_user
        return cls(design, data.movies[order], residuals[order], data.user_starts)

    def statistics(self, users: npt.NDArray[np.int64]) -> _Statistics:
        n_weights = self.design.shape[1]
        gram = np.empty((users.size, n_weights, n_weights))
        moment = np.empty((users.size, n_weights))
        squares = np.empty(users.size)
        for place, user in enumerate(users.tolist()):
            rows = slice(self.starts[user], self.starts[user + 1])
            features, residuals = self.design[self.movies[rows]], self.residuals[rows]
            gram[place] = features.T @ features
            moment[place] = residuals @ features
            squares[place] = residuals @ residuals
        return _Statistics(gram, moment, squares, np.diff(self.starts)[users])
