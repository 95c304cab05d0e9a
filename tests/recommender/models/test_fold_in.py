from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.inference.estimates import FactorEstimates
from recommender.inference.fold_in import FoldIn, UserPrior
from recommender.models.bias import fit_bias
from recommender.models.fold_in import descent_prior, fit_user_prior, fit_user_priors
from recommender.models.indexed import IndexedRatings
from recommender.models.rating_blend import fit_rating_parts
from recommender.models.svd import fit_svd
from recommender.models.taste import fit_taste
from recommender.settings import ModelParams

PARAMS = ModelParams(n_factors=4, n_epochs=40, taste_factors=3)


def folded_weights(
    data: IndexedRatings, model: FactorEstimates, prior: UserPrior
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of every user, folded in and trained."""
    histories = data.histories()
    folds = [FoldIn.of(model, prior, histories.history(user)) for user in range(data.n_users)]
    trained = np.column_stack([model.user_bias[:-1], model.user_factors[:-1]])
    return np.array([fold.weights() for fold in folds]), trained


def gap(data: IndexedRatings, model: FactorEstimates, prior: UserPrior) -> float:
    """Return how far folded estimates lie from trained ones, as a share of their spread."""
    folded, trained = folded_weights(data, model, prior)
    design = np.column_stack([np.ones(data.n_movies), model.movie_factors[:-1]])
    apart, varied = design @ (folded - trained).T, design @ trained.T
    return float(np.sqrt((apart**2).mean()) / varied.std())


def test_damped_biases_are_folded_in_exactly(indexed: IndexedRatings) -> None:
    model = fit_bias(indexed, 5.0, 5.0)
    folded, trained = folded_weights(indexed, model, UserPrior.ridge(0, 5.0))
    assert folded == pytest.approx(trained, abs=1e-9)


def test_profiles_are_folded_in_as_they_were_trained(indexed: IndexedRatings) -> None:
    bias = fit_bias(indexed, PARAMS.bias_user_damping, PARAMS.bias_movie_damping)
    model = fit_taste(indexed, PARAMS, 1, bias)
    prior = fit_user_prior(indexed, model, choose=True)
    folded, trained = folded_weights(indexed, model, prior)
    assert folded == pytest.approx(trained, abs=1e-5)
    assert np.abs(prior.loadings).max() > 0.0
    stars_only = fit_user_prior(indexed, model, choose=False)
    assert not np.abs(stars_only.loadings).any()
    assert folded_weights(indexed, model, stars_only)[0] != pytest.approx(trained, abs=1e-3)


def test_the_penalty_stands_for_how_long_descent_went_on(indexed: IndexedRatings) -> None:
    few = ModelParams(n_factors=4, n_epochs=5, learning_rate=0.02, regularization=0.05)
    many = replace(few, n_epochs=40)
    after_few, after_many = (fit_svd(indexed, params, seed=1) for params in (few, many))
    assert gap(indexed, after_few, descent_prior(4, few)) < 0.3
    assert gap(indexed, after_few, descent_prior(4, many)) > 0.5
    assert gap(indexed, after_many, descent_prior(4, many)) < 0.15
    assert gap(indexed, after_many, descent_prior(4, few)) > 0.15


def test_every_model_has_a_prior_of_its_size(indexed: IndexedRatings) -> None:
    features = np.random.default_rng(1).normal(size=(indexed.n_movies, 3))
    terms = [["genre:drama"] for _ in range(indexed.n_movies)]
    models = fit_rating_parts(indexed, terms, features, PARAMS, seed=1)
    priors = fit_user_priors(indexed, models, PARAMS)
    assert list(priors) == list(models)
    for name, prior in priors.items():
        assert prior.centre.size == 1 + models[name].movie_factors.shape[1]
        assert np.isfinite(prior.precision).all()
