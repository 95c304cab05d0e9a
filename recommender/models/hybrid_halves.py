"""Halves of the hybrid, each of which answers one question as the whole does, at less cost.

Trials that look for a better list need no rating estimates, and the other way round. What a half
leaves out has no bearing on its answers: they equal the whole's to the last bit. Halves are for
trials alone; what is registered and served is the whole.
"""

from __future__ import annotations

from recommender.inference.components import FACTOR_MODELS, SupportGroup
from recommender.inference.estimates import FactorEstimates
from recommender.inference.fold_in import UserPrior
from recommender.models.bias import fit_bias
from recommender.models.hybrid import HybridScorer
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.ranking_blend import ranking_weights
from recommender.models.rating_blend import blend_weights, fit_rating_parts


class RankingHalf(HybridScorer):
    """Ranks as the hybrid does; its rating estimates are those of the biases."""

    def _fit_factors(
        self, data: IndexedRatings, terms: list[list[str]], features: Floats
    ) -> dict[str, FactorEstimates]:
        del terms, features
        return _biases(self, data)

    def _fit_priors(
        self, data: IndexedRatings, factors: dict[str, FactorEstimates]
    ) -> dict[str, UserPrior]:
        del data, factors
        return {}

    def _rating_weights(self, data: IndexedRatings, terms: list[list[str]]) -> Floats:
        del data, terms
        return blend_weights([])


class RatingHalf(HybridScorer):
    """Estimates as the hybrid does; its ranking blend has default weights."""

    def _fit_factors(
        self, data: IndexedRatings, terms: list[list[str]], features: Floats
    ) -> dict[str, FactorEstimates]:
        parts = fit_rating_parts(data, terms, features, self.params, self.seed)
        return {**_biases(self, data), **parts}

    def _fit_priors(
        self, data: IndexedRatings, factors: dict[str, FactorEstimates]
    ) -> dict[str, UserPrior]:
        del data, factors
        return {}

    def _ranking_weights(
        self, data: IndexedRatings, features: Floats
    ) -> tuple[tuple[SupportGroup, ...], dict[str, float]]:
        del data, features
        return ranking_weights({}, self.seed)


def _biases(hybrid: HybridScorer, data: IndexedRatings) -> dict[str, FactorEstimates]:
    params = hybrid.params
    biases = fit_bias(data, params.bias_user_damping, params.bias_movie_damping)
    return dict.fromkeys(FACTOR_MODELS, biases)
