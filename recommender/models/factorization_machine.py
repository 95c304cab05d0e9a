"""The rating model with side information: one of two engines, chosen by the size of the data.

Up to ``fm_max_ratings`` a Bayesian factorization machine (`bayesian_machine`) is the more
accurate; its time grows to minutes beyond, where gradient descent (`feature_factorization`) takes
over. Both end as plain factors. Priors and learning rates are stated for ratings as far apart as
MovieLens's; ratings on a wider or narrower scale are learned in its units.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recommender.inference.estimates import Estimates, FactorEstimates, within_catalogue
from recommender.inference.rankings import EstimateRanking, Ranking
from recommender.models.bayesian_machine import fit_bayesian
from recommender.models.bias import fit_bias
from recommender.models.divergence import require_finite
from recommender.models.feature_factorization import fit_by_gradient_descent
from recommender.models.features import movie_terms
from recommender.models.gradient_descent import OnEpoch
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.schema import Dataset
from recommender.settings import FactorizationEngine, ModelParams


def choose_engine(n_ratings: int, params: ModelParams) -> FactorizationEngine:
    """Return the engine for so many ratings: the one set, or by size where it is ``auto``.

    >>> choose_engine(100_000, ModelParams()), choose_engine(20_000_000, ModelParams())
    ('bayesian', 'sgd')
    """
    if params.fm_engine != "auto":
        return params.fm_engine
    return "bayesian" if n_ratings <= params.fm_max_ratings else "sgd"


def fit_factorization_machine(
    data: IndexedRatings,
    terms: list[list[str]],
    params: ModelParams,
    seed: int,
    on_epoch: OnEpoch | None = None,
) -> FactorEstimates:
    """Return what the engine for this data finds.

    Args:
        data: The ratings.
        terms: Content terms of each movie, as `movie_terms` gives them.
        params: Hyper-parameters.
        seed: Seed of every random choice.
        on_epoch: Told of each epoch of gradient descent.

    Raises:
        TrainingError: The loss of gradient descent diverges, or what the Bayesian engine finds
            is not finite.
    """
    scaled = data.in_units()
    if choose_engine(len(data), params) == "sgd":
        estimates = fit_by_gradient_descent(scaled, terms, params, seed, on_epoch)
    else:
        estimates = fit_bayesian(scaled, terms, params, seed)
        require_finite(
            vars(estimates),
            "factorization machine",
            remedy="Look for ratings far outside the scale.",
        )
    return estimates if scaled is data else _in_stars(estimates, data.scale.unit)


def _in_stars(estimates: FactorEstimates, unit: float) -> FactorEstimates:
    return replace(
        estimates,
        mean=estimates.mean * unit,
        user_bias=estimates.user_bias * unit,
        movie_bias=estimates.movie_bias * unit,
        user_factors=estimates.user_factors * np.float32(unit),
    )


class FactorizationMachineScorer(PartScorer):
    """Estimates by factors over side information, and ranks by the estimates.

    Attributes:
        engine: Which engine has fitted the factors; ``auto`` before `fit`.
    """

    name = "fm"

    def __init__(self, params: ModelParams | None = None, seed: int = 0) -> None:
        super().__init__(params, seed)
        self.engine: FactorizationEngine = "auto"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return the factors, with biases for a movie outside the catalogue."""
        self.engine = choose_engine(len(data), self.params)
        bias = fit_bias(data, self.params.bias_user_damping, self.params.bias_movie_damping)
        factors = fit_factorization_machine(data, movie_terms(dataset), self.params, self.seed)
        estimates = within_catalogue(factors, bias)
        return estimates, EstimateRanking(estimates)
