from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.inference.histories import NOBODY, Viewer
from recommender.inference.rankings import ImplicitRanking
from recommender.models.ials import IALSScorer, confidence_matrix, fit_ials, train
from recommender.models.indexed import IndexedRatings
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(ials_factors=6, ials_epochs=5, ials_regularization=2.0, ials_alpha=3.0)


def test_the_fold_in_is_the_factor_that_implicit_recalculates(indexed: IndexedRatings) -> None:
    confidences = confidence_matrix(indexed, PARAMS)
    model = train(confidences, PARAMS, seed=3)
    ranking = ImplicitRanking.of(model.item_factors, 2.0, 3.0)
    histories = indexed.histories()
    for user in (0, 17, 59):
        row = sp.csr_matrix(confidences[[user]].astype(np.float32))
        theirs = model.recalculate_user(user, row)
        ours = ranking.viewer_factors(histories.viewer(user, indexed.scale))
        assert ours == pytest.approx(theirs, abs=1e-4)


def test_the_fold_in_minimises_the_loss(indexed: IndexedRatings) -> None:
    ranking = fit_ials(indexed, PARAMS, seed=3)
    viewer = indexed.histories().viewer(8, indexed.scale)
    liked = viewer.grades > 0
    confidence, preference = np.ones(42), np.zeros(42)
    confidence[viewer.movies[liked]] += 3.0 * viewer.grades[liked]
    preference[viewer.movies[liked]] = 1.0

    def loss(factors: np.ndarray) -> float:
        errors = preference - ranking.factors.astype(np.float64) @ factors
        return float((confidence * errors**2).sum() + 2.0 * factors @ factors)

    found = ranking.viewer_factors(viewer)
    rng = np.random.default_rng(1)
    nearby = [loss(found + 0.01 * rng.normal(size=6)) for _ in range(20)]
    assert loss(found) < min(nearby)


def test_contributions_add_up_to_the_score(indexed: IndexedRatings) -> None:
    ranking = fit_ials(indexed, PARAMS, seed=3)
    viewer = indexed.histories().viewer(30, indexed.scale)
    movies = np.array([0, 7, 39])
    parts = ranking.contributions(viewer, movies)
    assert parts.shape == (viewer.movies.size, 3)
    assert (parts[viewer.grades == 0] == 0.0).all()
    assert parts.sum(axis=0) == pytest.approx(ranking.scores(viewer)[movies], abs=1e-6)


def test_grades_become_confidence(indexed: IndexedRatings) -> None:
    graded = indexed.matrix(indexed.grades)
    confidences = confidence_matrix(indexed, PARAMS)
    assert np.array_equal(confidences.indices, graded.indices)
    assert confidences.data == pytest.approx(1.0 + 3.0 * graded.data)


def test_a_sample_of_users_is_enough(indexed: IndexedRatings) -> None:
    few = replace(PARAMS, ials_max_users=20)
    assert confidence_matrix(indexed, few).shape == (20, 42)
    ranking = fit_ials(indexed, few, seed=3)
    assert ranking.scores(indexed.histories().viewer(1, indexed.scale)).any()


def test_movies_that_nobody_liked_have_no_factors(indexed: IndexedRatings) -> None:
    ranking = fit_ials(indexed, PARAMS, seed=3)
    assert not ranking.factors[40:].any()
    assert ranking.factors[:40].any(axis=1).all()


def test_a_history_says_what_its_list_is_made_from(indexed: IndexedRatings) -> None:
    ranking = fit_ials(indexed, PARAMS, seed=3)
    assert ranking.path(Viewer(-1, np.array([3]), np.array([1.0]))) == "personal"
    assert ranking.path(Viewer(-1, np.array([41]), np.array([1.0]))) == "content"
    assert ranking.path(Viewer(-1, np.array([3]), np.array([0.0]))) == "popular"
    assert not ranking.scores(NOBODY).any()


def test_the_seed_decides_and_nothing_else(ratings_of_taste: Dataset) -> None:
    first, second, other = (
        IALSScorer(PARAMS, seed=seed).fit(ratings_of_taste).recommend(5, 20).scores
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
