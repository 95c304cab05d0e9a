"""Halves of the hybrid, each of which answers one question as the whole does, at less cost.

Trials that look for a better list need no rating estimates, and the other way round. What a half
leaves out has no bearing on its answers: they equal the whole's to the last bit. Halves are for
trials alone; what is registered and served is the whole.
"""

from __future__ import annotations

from recommender.inference.components import FACTOR_MODELS
from recommender.inference.estimates import FactorEstimates
from recommender.inference.intervals import NoIntervals
from recommender.inference.rankings import ImplicitRanking
from recommender.models.bias import fit_bias
from recommender.models.hybrid import HybridScorer, RatingSide
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.kept_fits import KeptImplicitFits
from recommender.models.ranking_blend import RankingWeights, ranking_weights
from recommender.models.rating_blend import blend_weights
from recommender.settings import FactorizationEngine, ModelParams

#: Of the trials of this process: none of the values that they try bears on iALS.
_KEPT = KeptImplicitFits()


class RankingHalf(HybridScorer):
    """Ranks as the hybrid does; its rating estimates are those of the biases."""

    def _fit_rating(
        self,
        data: IndexedRatings,
        terms: list[list[str]],
        features: Floats,
        engine: FactorizationEngine,
    ) -> RatingSide:
        del terms, features, engine
        return RatingSide(
            factors=dict.fromkeys(FACTOR_MODELS, _biases(self, data)),
            weights=blend_weights([]),
            intervals=NoIntervals("what ranks in a trial states none"),
            priors={},
        )

    def _fit_unblended(self, name: str, data: IndexedRatings) -> FactorEstimates:
        del name
        return _biases(self, data)

    def _fit_implicit(
        self, data: IndexedRatings, params: ModelParams, seed: int
    ) -> ImplicitRanking:
        return _KEPT(data, params, seed)


class RatingHalf(HybridScorer):
    """Estimates as the hybrid does; its ranking blend has default weights."""

    def _fit_unblended(self, name: str, data: IndexedRatings) -> FactorEstimates:
        del name
        return _biases(self, data)

    def _ranking_weights(self, data: IndexedRatings, features: Floats) -> RankingWeights:
        del data, features
        return ranking_weights({}, self.seed)


def _biases(hybrid: HybridScorer, data: IndexedRatings) -> FactorEstimates:
    params = hybrid.params
    return fit_bias(data, params.bias_user_damping, params.bias_movie_damping)
