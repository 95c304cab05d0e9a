"""What each factor model expects of a user, so that new ratings can be folded in when served."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recommender.inference.estimates import FactorEstimates
from recommender.inference.fold_in import UserPrior
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.profiles import fit_population
from recommender.models.taste import choices
from recommender.settings import ModelParams

#: Models in which the choice of movies bears on a user's factors, whatever the stars.
_CHOICE_MODELS = ("taste",)
_ROUNDING = 1e-12


def fit_user_priors(
    data: IndexedRatings, models: Mapping[str, FactorEstimates], params: ModelParams
) -> dict[str, UserPrior]:
    """Return what each model expects of a user, by name.

    A model without factors has the damped bias that `fit_bias` computes. The others have the
    population of users that makes the training ratings most likely under their movie side, by the
    empirical Bayes of `profiles`; that is how the profiles themselves are trained, and it stands
    for the penalty and the early stopping of what gradient descent has trained.

    Args:
        data: The training ratings.
        models: Fitted on ``data``.
        params: The damping of biases.
    """
    return {
        name: fit_user_prior(data, model, choose=name in _CHOICE_MODELS)
        if model.movie_factors.shape[1]
        else UserPrior.ridge(0, params.bias_user_damping)
        for name, model in models.items()
    }


def fit_user_prior(data: IndexedRatings, model: FactorEstimates, *, choose: bool) -> UserPrior:
    """Return what ``model`` expects of a user.

    Args:
        data: The training ratings.
        model: Fitted on ``data``; its movie side is held fixed.
        choose: Whether the choice of movies bears on the expectation.
    """
    factors = np.asarray(model.movie_factors[:-1], dtype=np.float64)
    movie_bias = np.asarray(model.movie_bias[:-1], dtype=np.float64)
    residuals = data.stars - model.mean - movie_bias[data.movies]
    chosen = choices(data, factors) if choose else None
    known = None if chosen is None else chosen.standardised
    population = fit_population(data, residuals, factors, known)
    n_factors = factors.shape[1]
    middle, loadings = np.zeros(n_factors), np.zeros((n_factors, 1 + n_factors))
    if chosen is not None:
        middle = chosen.middle
        loadings = _per_unit(population.loadings[1:], chosen.spread)
    return UserPrior(
        centre=population.loadings[0],
        precision=population.noise * population.precision,
        middle=middle,
        loadings=loadings,
    )


def _per_unit(loadings: Floats, spread: Floats) -> Floats:
    """Return loadings of standardised covariates as those of the covariates themselves."""
    scales = spread[:, np.newaxis]
    return np.asarray(
        np.divide(loadings, scales, out=np.zeros_like(loadings), where=scales > _ROUNDING)
    )
