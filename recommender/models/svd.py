"""Matrix factorization with biases: scikit-surprise's SVD, exported to arrays."""

from __future__ import annotations

from surprise import SVD

from recommender.inference.estimates import Estimates, FactorEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.models.surprise_training import export_factors, make_trainset
from recommender.schema import Dataset
from recommender.settings import ModelParams


def fit_svd(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return the factors that Surprise's SVD learns by stochastic gradient descent.

    The estimate ``m + b_u + b_i + p_u . q_i`` is Surprise's own (Funk 2006; Koren, Bell and
    Volinsky 2009): what is unknown has bias and factors 0.
    """
    trainset, users, movies = make_trainset(data)
    algorithm = SVD(
        n_factors=params.n_factors,
        n_epochs=params.n_epochs,
        lr_all=params.learning_rate,
        reg_all=params.regularization,
        random_state=seed,
    ).fit(trainset)
    return export_factors(algorithm, data, users, movies, mean=trainset.global_mean)


class SVDScorer(PartScorer):
    """Estimates by biases and latent factors, and ranks by the estimates."""

    name = "svd"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return Surprise's factors."""
        del dataset
        estimates = fit_svd(data, self.params, self.seed)
        return estimates, EstimateRanking(estimates)
