from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommender.models.bias import BiasScorer, fit_bias
from recommender.models.indexed import IndexedRatings
from recommender.schema import Dataset
from recommender.settings import ModelParams


def test_biases_of_two_users_and_two_movies_by_hand(make: Any) -> None:
    # mean 3. With damping 1 the normal equations, unknown biases a, b (users), c, d (movies):
    # 3a + c + d = 2, 2b + c = -2, 3c + a + b = 0, 2d + a = 0; so a = 12/11, b = -15/22 ...
    dataset = make([(1, 10, 4.0, 1), (1, 20, 4.0, 2), (2, 10, 1.0, 3)])
    data = IndexedRatings.of(dataset)
    system = np.array(
        [[3.0, 0.0, 1.0, 1.0], [0.0, 2.0, 1.0, 0.0], [1.0, 1.0, 3.0, 0.0], [1.0, 0.0, 0.0, 2.0]]
    )
    a, b, c, d = np.linalg.solve(system, [2.0, -2.0, -1.0, 1.0])
    fitted = fit_bias(data, 1.0, 1.0)
    assert fitted.mean == 3.0
    assert fitted.user_bias == pytest.approx([a, b, 0.0], abs=1e-5)
    assert fitted.movie_bias == pytest.approx([c, d, 0.0], abs=1e-5)


def test_the_normal_equations_hold_on_more_data(indexed: IndexedRatings) -> None:
    n_users, n_movies = indexed.n_users, indexed.n_movies
    design = np.zeros((len(indexed), n_users + n_movies))
    rows = np.arange(len(indexed))
    design[rows, indexed.users] = 1.0
    design[rows, n_users + indexed.movies] = 1.0
    penalty = np.diag(np.r_[np.full(n_users, 4.0), np.full(n_movies, 7.0)])
    expected = np.linalg.solve(
        design.T @ design + penalty, design.T @ (indexed.stars - indexed.mean)
    )
    fitted = fit_bias(indexed, 4.0, 7.0)
    assert fitted.user_bias[:-1] == pytest.approx(expected[:n_users], abs=1e-6)
    assert fitted.movie_bias[:-1] == pytest.approx(expected[n_users:], abs=1e-6)


def test_damping_pulls_to_the_mean(ratings_of_taste: Dataset) -> None:
    strong = ModelParams(bias_user_damping=1e9, bias_movie_damping=1e9)
    scorer = BiasScorer(strong).fit(ratings_of_taste)
    mean = float(ratings_of_taste.ratings["rating"].mean())
    assert scorer.predict(np.array([1, 2]), np.array([3, 4])) == pytest.approx([mean] * 2, abs=1e-4)


def test_unknown_ids_get_what_is_known(ratings_of_taste: Dataset) -> None:
    scorer = BiasScorer().fit(ratings_of_taste)
    data = IndexedRatings.of(ratings_of_taste)
    bias = fit_bias(data, 5.0, 5.0)
    found = scorer.predict(np.array([1, 999, 999]), np.array([999, 1, 999]))
    expected = [bias.mean + bias.user_bias[0], bias.mean + bias.movie_bias[0], bias.mean]
    assert found == pytest.approx(expected)
