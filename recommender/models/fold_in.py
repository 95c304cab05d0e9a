"""What each factor model expects of a user, so that new ratings can be folded in when served."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from recommender.inference.estimates import FactorEstimates
from recommender.inference.fold_in import UserPrior
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.profiles import fit_population
from recommender.models.taste import choices
from recommender.settings import ModelParams

#: Spreads below this are rounding.
_ROUNDING = 1e-12


def fit_user_priors(
    data: IndexedRatings, models: Mapping[str, FactorEstimates], params: ModelParams
) -> dict[str, UserPrior]:
    """Return what each of the models that are blended expects of a user, by name.

    Each is what the model was trained with: the blend's weights are those of trained estimates,
    and estimates that are shrunk less, or more, would not fit them.

    Args:
        data: The training ratings.
        models: Fitted on ``data``.
        params: With which they were fitted.
    """
    fits: dict[str, Callable[[FactorEstimates], UserPrior]] = {
        "bias": lambda _: UserPrior.ridge(0, params.bias_user_damping),
        "svd": lambda model: descent_prior(model.movie_factors.shape[1], params),
        "content": lambda model: fit_user_prior(data, model, choose=False),
    }
    return {
        name: fits[name](model) if name in fits else fit_user_prior(data, model, choose=True)
        for name, model in models.items()
    }


def descent_prior(n_factors: int, params: ModelParams) -> UserPrior:
    """Return the penalty that stands for how the SVD was trained.

    Stochastic gradient descent pays ``regularization`` for each rating. Stopping after ``T``
    passes at the rate ``h`` shrinks about as a ridge penalty of ``1 / (h T)`` (Ali, Kolter and
    Tibshirani 2019, "A continuous-time view of early stopping for least squares").
    """
    stopped = 1.0 / (params.learning_rate * params.n_epochs)
    return UserPrior.ridge(n_factors, stopped, per_rating=params.regularization)


def fit_user_prior(data: IndexedRatings, model: FactorEstimates, *, choose: bool) -> UserPrior:
    """Return the population of users that makes the ratings most likely, by `fit_population`.

    For profiles it is the one that they were drawn from in training; for other models it is the
    best guess of empirical Bayes.

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
        per_rating=np.zeros(1 + n_factors),
    )


def _per_unit(loadings: Floats, spread: Floats) -> Floats:
    """Return loadings of standardised covariates as those of the covariates themselves."""
    scales = spread[:, np.newaxis]
    return np.asarray(
        np.divide(loadings, scales, out=np.zeros_like(loadings), where=scales > _ROUNDING)
    )
