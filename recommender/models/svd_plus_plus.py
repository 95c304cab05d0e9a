"""SVD++: factors that also hear what someone chose to watch, whatever the stars (Koren 2008)."""

from __future__ import annotations

from recommender.inference.estimates import Estimates, FactorEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.factor_training import learn_factors
from recommender.models.gradient_descent import SGDSettings
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams


def fit_svd_plus_plus(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return the factors of SVD++ as those of a plain factorization.

    The estimate is ``m + b_u + b_i + q_i . (p_u + |N(u)|^-1/2 sum_j y_j)`` over the movies ``j``
    that the user rated (Koren 2008, "Factorization meets the neighborhood", equation 15). What is
    in brackets is the user's row, so that serving needs nothing but the two matrices.

    Raises:
        TrainingError: The loss diverges.
        UsageError: There are too few ratings for early stopping.
    """
    return learn_factors(data, svd_plus_plus_settings(params), seed)


def svd_plus_plus_settings(params: ModelParams) -> SGDSettings:
    """Return the options of SVD++."""
    return SGDSettings(
        n_factors=params.svd_plus_plus_factors,
        n_epochs=params.svd_plus_plus_epochs,
        learning_rate=params.learning_rate,
        regularization=params.regularization,
        implicit=True,
        n_threads=params.svd_threads,
        patience=params.svd_patience,
    )


class SVDPlusPlusScorer(PartScorer):
    """Estimates by biases, latent factors and the choice of movies, and ranks by the estimates."""

    name = "svdpp"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return the factors."""
        del dataset
        estimates = fit_svd_plus_plus(data, self.params, self.seed)
        return estimates, EstimateRanking(estimates)
