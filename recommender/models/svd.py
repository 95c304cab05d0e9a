"""Matrix factorization with biases: the fast kernel's SVD, and scikit-surprise's for reference."""

from __future__ import annotations

from surprise import SVD

from recommender.inference.estimates import Estimates, FactorEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.gradient_descent import SGDSettings, train_on
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.models.surprise_training import export_factors, make_trainset
from recommender.schema import Dataset
from recommender.settings import ModelParams


def fit_svd(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return the factors that stochastic gradient descent learns.

    The estimate is ``m + b_u + b_i + p_u . q_i`` (Funk 2006; Koren, Bell and Volinsky 2009): what
    is unknown has bias and factors 0. Both values of ``svd_engine`` take the same steps in the
    same order from the same start; the fast one rounds to single precision.

    Raises:
        TrainingError: The loss of the fast engine diverges.
    """
    if params.svd_engine == "surprise":
        return fit_surprise_svd(data, params, seed)
    return train_on(data, svd_settings(params), seed).estimates


def svd_settings(params: ModelParams) -> SGDSettings:
    """Return the options of the SVD; validation, checkpoints and the rest are `train_on`'s."""
    return SGDSettings(
        n_factors=params.n_factors,
        n_epochs=params.n_epochs,
        learning_rate=params.learning_rate,
        regularization=params.regularization,
        n_threads=params.svd_threads,
    )


def fit_surprise_svd(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return the factors that Surprise's SVD learns, in double precision."""
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
        """Return the factors of the chosen engine."""
        del dataset
        estimates = fit_svd(data, self.params, self.seed)
        return estimates, EstimateRanking(estimates)


class SurpriseSVDScorer(PartScorer):
    """The same by scikit-surprise, as the reference in comparisons."""

    name = "surprise-svd"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return Surprise's factors."""
        del dataset
        estimates = fit_surprise_svd(data, self.params, self.seed)
        return estimates, EstimateRanking(estimates)
