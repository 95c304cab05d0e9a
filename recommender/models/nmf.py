"""Non-negative matrix factorization: scikit-surprise's NMF, exported to arrays."""

from __future__ import annotations

from surprise import NMF

from recommender.inference.estimates import Estimates, FactorEstimates, FallbackEstimates
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.bias import fit_bias
from recommender.models.divergence import require_finite
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.models.surprise_training import export_factors, make_trainset
from recommender.schema import Dataset
from recommender.settings import ModelParams


def fit_nmf(data: IndexedRatings, params: ModelParams, seed: int) -> FactorEstimates:
    """Return the non-negative factors that Surprise's NMF learns (Luo et al. 2014).

    The estimate is ``p_u . q_i`` without biases, so it says nothing of what is unknown.
    """
    trainset, users, movies = make_trainset(data)
    algorithm = NMF(
        n_factors=params.nmf_factors, n_epochs=params.nmf_epochs, random_state=seed
    ).fit(trainset)
    estimates = export_factors(algorithm, data, users, movies, mean=0.0)
    require_finite(vars(estimates), "NMF", remedy="Set nmf_factors or nmf_epochs lower.")
    return estimates


class NMFScorer(PartScorer):
    """Estimates by non-negative factors, and by biases where user or movie is unknown."""

    name = "nmf"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return Surprise's factors with the biases to fall back on."""
        del dataset
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        factors = fit_nmf(data, self.params, self.seed)
        estimates = FallbackEstimates(factors, bias, data.known_users, data.known_movies)
        return estimates, EstimateRanking(estimates)
