"""Matrix factorization with biases: the fast kernel's SVD, and scikit-surprise's for reference."""

from __future__ import annotations

import numpy as np
from surprise import SVD

from recommender.errors import UsageError
from recommender.inference.estimates import Estimates, FactorEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.divergence import diverged, largest_rmse
from recommender.models.factor_training import TrainingAids, learn_factors
from recommender.models.gradient_descent import SGDSettings
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.models.surprise_training import export_factors, make_trainset
from recommender.schema import Dataset
from recommender.settings import ModelParams


def fit_svd(
    data: IndexedRatings, params: ModelParams, seed: int, aids: TrainingAids | None = None
) -> FactorEstimates:
    """Return the factors that stochastic gradient descent learns.

    The estimate is ``m + b_u + b_i + p_u . q_i`` (Funk 2006; Koren, Bell and Volinsky 2009): what
    is unknown has bias and factors 0. Both values of ``svd_engine`` take the same steps in the
    same order from the same start; the fast one rounds to single precision.

    Raises:
        TrainingError: The loss diverges.
        UsageError: See `learn_factors`; or the engine has no early stopping or warm start.
    """
    if params.svd_engine == "surprise":
        _refuse_extras(params, aids)
        return fit_surprise_svd(data, params, seed)
    return learn_factors(data, svd_settings(params), seed, aids)


def _refuse_extras(params: ModelParams, aids: TrainingAids | None) -> None:
    extras = {
        "svd_patience": params.svd_patience is not None,
        "warm_start": aids is not None and aids.warm_start is not None,
    }
    for name, wanted in extras.items():
        if wanted:
            raise UsageError(
                "the engine 'surprise' has no such thing",
                place=name,
                remedy="Set model.svd_engine to 'fast', or leave this unset.",
            )


def svd_settings(params: ModelParams) -> SGDSettings:
    """Return the options of the SVD; checkpoints and a warm start are `TrainingAids`."""
    return SGDSettings(
        n_factors=params.n_factors,
        n_epochs=params.n_epochs,
        learning_rate=params.learning_rate,
        regularization=params.regularization,
        n_threads=params.svd_threads,
        patience=params.svd_patience,
    )


def fit_surprise_svd(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return the factors that Surprise's SVD learns, in double precision.

    Raises:
        TrainingError: The loss diverges, which Surprise itself does not look at.
    """
    trainset, users, movies = make_trainset(data)
    algorithm = SVD(
        n_factors=params.n_factors,
        n_epochs=params.n_epochs,
        lr_all=params.learning_rate,
        reg_all=params.regularization,
        random_state=seed,
    ).fit(trainset)
    estimates = export_factors(algorithm, data, users, movies, mean=trainset.global_mean)
    with np.errstate(all="ignore"):
        errors = estimates.pairs(data.users, data.movies) - data.stars
        rmse = float(np.sqrt(np.mean(errors**2)))
    drawn = (algorithm.n_factors, algorithm.init_mean, algorithm.init_std_dev)
    if not rmse <= largest_rmse(data.stars, *drawn):
        rate = params.learning_rate
        raise diverged("SVD by Surprise", "learning_rate", params.n_epochs, rmse, rate)
    return estimates


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
