"""Taste: profiles over what is watched together, informed by which movies someone chose at all.

Who watches what says a lot about what they will like, before a single star is given (Koren 2008,
section 4, makes the same point with SVD++). Movies get factors from the watch matrix, and the
population from which a user's profile is drawn depends on the factors of what the user watched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd

from recommender.inference.estimates import Estimates, FactorEstimates, within_catalogue
from recommender.inference.fold_in import CHOICE_DAMPING
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.bias import fit_bias
from recommender.models.content import profile_estimates
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.models.profiles import fit_profiles
from recommender.schema import Dataset
from recommender.settings import ModelParams

_POWER_ITERATIONS = 10
#: Pseudo-ratings that pull to 0 the factors of a movie that few watched.
_MOVIE_DAMPING = 5.0
#: Spreads below this are rounding.
_ROUNDING = 1e-12


def fit_taste(
    data: IndexedRatings, params: ModelParams, seed: int, bias: FactorEstimates
) -> FactorEstimates:
    """Return biases and profiles over watch factors; ``bias`` holds the biases of ``data``."""
    movie_bias = np.asarray(bias.movie_bias[:-1], dtype=np.float64)
    factors = watch_factors(data, params.taste_factors, seed)
    residuals = data.stars - data.mean - movie_bias[data.movies]
    profiles = fit_profiles(data, residuals, factors, choices(data, factors).standardised)
    return profile_estimates(data.mean, movie_bias, profiles, factors)


def watch_factors(data: IndexedRatings, n_factors: int, seed: int) -> Floats:
    """Return factors of movies by who watches them, shape (n_movies, d).

    The leading right singular vectors of the watch matrix whose rows and columns are divided by
    the roots of their sums, rescaled so that a well watched movie has about unit length.
    """
    watched = data.matrix()
    rows = 1.0 / np.sqrt(np.maximum(data.user_counts, 1))
    columns = 1.0 / np.sqrt(np.maximum(data.movie_counts, 1))
    normalised = sp.csr_array(sp.diags_array(rows) @ watched @ sp.diags_array(columns))
    n_kept = min(n_factors, *watched.shape)
    _, _, directions = randomized_svd(
        normalised, n_components=n_kept, n_iter=_POWER_ITERATIONS, random_state=seed
    )
    factors = directions.T / np.sqrt(data.movie_counts + _MOVIE_DAMPING)[:, np.newaxis]
    seen = data.movie_counts > 0
    sizes = np.sqrt((factors[seen] ** 2).mean(axis=0) * n_kept)
    return np.asarray(np.divide(factors, sizes, out=np.zeros_like(factors), where=sizes > 0.0))


@dataclass(frozen=True, eq=False)
class Choices:
    """What users' choice of movies says: the mean factors of the movies watched.

    Attributes:
        middle: Shape (d,), their mean over users.
        spread: Shape (d,), their standard deviation, damped for few ratings.
        standardised: Shape (n_users, d), damped, mean 0 and unit variance.
    """

    middle: Floats
    spread: Floats
    standardised: Floats


def choices(data: IndexedRatings, factors: Floats) -> Choices:
    """Return what each user's choice of movies says.

    Args:
        data: Who watched what.
        factors: Shape (n_movies, d).
    """
    counts = data.user_counts[:, np.newaxis]
    means = data.matrix() @ factors / np.maximum(counts, 1)
    active = data.user_counts > 0
    middle = means[active].mean(axis=0)
    apart = (means - middle) * counts / (counts + CHOICE_DAMPING)
    spread = apart[active].std(axis=0)
    varied = spread > _ROUNDING
    return Choices(middle, spread, np.divide(apart, spread, out=np.zeros_like(apart), where=varied))


class TasteScorer(PartScorer):
    """Estimates from profiles over watch factors, and ranks by the estimates."""

    name = "taste"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return profiles over watch factors."""
        del dataset
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        estimates = within_catalogue(fit_taste(data, self.params, self.seed, bias), bias)
        return estimates, EstimateRanking(estimates)
