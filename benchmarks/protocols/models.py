"""The models whose rating estimates are compared, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from recommender.models.bias import BiasScorer
from recommender.models.content import ContentScorer
from recommender.models.factorization_machine import FactorizationMachineScorer
from recommender.models.hybrid import HybridScorer
from recommender.models.nmf import NMFScorer
from recommender.models.popularity import PopularityScorer
from recommender.models.svd import SurpriseSVDScorer, SVDScorer
from recommender.models.svd_plus_plus import SVDPlusPlusScorer
from recommender.models.taste import TasteScorer
from recommender.scorer import Scorer
from recommender.settings import ModelParams, Params

MakeScorer = Callable[[Params], Scorer]


def _scorer(scorer: Callable[[ModelParams, int], Scorer]) -> MakeScorer:
    return lambda params: scorer(params.model, params.seed)


def _hybrid(params: Params) -> Scorer:
    return HybridScorer(params.model, params.seed, method="random")


def _surprise_svd(params: Params) -> Scorer:
    """Return Surprise's SVD with the hyper-parameters that it comes with."""
    defaults = replace(
        params.model, n_factors=100, n_epochs=20, learning_rate=0.005, regularization=0.02
    )
    return SurpriseSVDScorer(defaults, params.seed)


def _surprise_svd_plus_plus(params: Params) -> Scorer:
    """Return SVD++ with the hyper-parameters that Surprise's comes with, which takes minutes.

    The compiled one is the same model to 1e-6.
    """
    defaults = replace(
        params.model,
        svd_plus_plus_factors=20,
        svd_plus_plus_epochs=20,
        learning_rate=0.007,
        regularization=0.02,
    )
    return SVDPlusPlusScorer(defaults, params.seed)


#: ``svd`` and ``svdpp`` have the hyper-parameters of ``params.yaml``, ``surprise-svd`` and
#: ``surprise-svdpp`` those that Surprise comes with.
RATING_MODELS: dict[str, MakeScorer] = {
    "hybrid": _hybrid,
    "fm": _scorer(FactorizationMachineScorer),
    "svd": _scorer(SVDScorer),
    "surprise-svd": _surprise_svd,
    "svdpp": _scorer(SVDPlusPlusScorer),
    "surprise-svdpp": _surprise_svd_plus_plus,
    "nmf": _scorer(NMFScorer),
    "content": _scorer(ContentScorer),
    "taste": _scorer(TasteScorer),
    "bias": _scorer(BiasScorer),
    "popularity": _scorer(PopularityScorer),
}
