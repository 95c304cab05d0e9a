"""The models whose rating estimates are compared, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from surprise import SVDpp

from recommender.inference.estimates import Estimates, FactorEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.bias import BiasScorer
from recommender.models.content import ContentScorer
from recommender.models.factorization_machine import FactorizationMachineScorer
from recommender.models.hybrid import HybridScorer
from recommender.models.indexed import IndexedRatings
from recommender.models.nmf import NMFScorer
from recommender.models.part_scorer import PartScorer
from recommender.models.popularity import PopularityScorer
from recommender.models.surprise_training import export_factors, make_trainset
from recommender.models.svd import SVDScorer
from recommender.models.taste import TasteScorer
from recommender.schema import Dataset
from recommender.scorer import Scorer
from recommender.settings import ModelParams, Params

MakeScorer = Callable[[Params], Scorer]


class SurpriseSVDppScorer(PartScorer):
    """Surprise's SVD++ at its own defaults; slow, for comparison only."""

    name = "surprise_svdpp"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return its factors; those of a user include the implicit ones of the movies rated."""
        del dataset
        estimates = fit_surprise_svdpp(data, self.seed)
        return estimates, EstimateRanking(estimates)


def fit_surprise_svdpp(data: IndexedRatings, seed: int) -> FactorEstimates:
    """Return Surprise's SVD++ as factors.

    ``m + b_u + b_i + q_i . (p_u + |I_u|^-1/2 sum_j y_j)`` (Koren 2008, "Factorization meets the
    neighborhood", equation 15).
    """
    trainset, users, movies = make_trainset(data)
    algorithm: Any = SVDpp(random_state=seed).fit(trainset)
    implicit = np.zeros_like(algorithm.pu)
    for user, rated in trainset.ur.items():
        implicit[user] = algorithm.yj[[movie for movie, _ in rated]].sum(axis=0)
        implicit[user] /= np.sqrt(len(rated))
    algorithm.pu = algorithm.pu + implicit
    return export_factors(algorithm, data, users, movies, mean=trainset.global_mean)


def _scorer(scorer: Callable[[ModelParams, int], Scorer]) -> MakeScorer:
    return lambda params: scorer(params.model, params.seed)


def _surprise_svd(params: Params) -> Scorer:
    """Return the SVD with the hyper-parameters that Surprise comes with."""
    defaults = replace(
        params.model, n_factors=100, n_epochs=20, learning_rate=0.005, regularization=0.02
    )
    return SVDScorer(defaults, params.seed)


#: ``svd`` has the hyper-parameters of ``params.yaml``, ``surprise_svd`` those of Surprise.
RATING_MODELS: dict[str, MakeScorer] = {
    "hybrid": _scorer(HybridScorer),
    "fm": _scorer(FactorizationMachineScorer),
    "svd": _scorer(SVDScorer),
    "surprise_svd": _surprise_svd,
    "surprise_svdpp": _scorer(SurpriseSVDppScorer),
    "nmf": _scorer(NMFScorer),
    "content": _scorer(ContentScorer),
    "taste": _scorer(TasteScorer),
    "bias": _scorer(BiasScorer),
    "popularity": _scorer(PopularityScorer),
}
#: Fitted on the first fold only, because they take minutes.
SLOW_MODELS = ("surprise_svdpp",)
