from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.models import ease
from recommender.models.ease import (
    EASEScorer,
    ease_weights,
    gram_upper,
    keep_largest,
    supported_movies,
)
from recommender.models.indexed import IndexedRatings
from recommender.schema import Dataset
from recommender.settings import ModelParams


def dense_ease(matrix: np.ndarray, regularization: float) -> np.ndarray:
    """The constrained least squares, one column at a time, without the closed form."""
    n_movies = matrix.shape[1]
    weights = np.zeros((n_movies, n_movies))
    for movie in range(n_movies):
        others = np.arange(n_movies) != movie
        gram = matrix[:, others].T @ matrix[:, others] + regularization * np.eye(n_movies - 1)
        weights[others, movie] = np.linalg.solve(gram, matrix[:, others].T @ matrix[:, movie])
    return weights


@pytest.mark.parametrize("shape", [(40, 9), (9, 40), (12, 12), (3, 1)])
def test_weights_are_those_of_the_constrained_regression(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    matrix = rng.random(shape) * (rng.random(shape) < 0.5)
    found = ease_weights(sp.csr_array(matrix), 3.0)
    assert found == pytest.approx(dense_ease(matrix, 3.0), abs=1e-10)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.random.default_rng(2).random((30, 11))
    whole = ease_weights(sp.csr_array(matrix), 2.0)
    monkeypatch.setattr(ease, "_BLOCK", 4)
    assert ease_weights(sp.csr_array(matrix), 2.0) == pytest.approx(whole, abs=1e-12)
    kept = keep_largest(whole, np.arange(11), 11, 3)
    assert kept.weights.size == 33


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_no_movie_recommends_itself(n_users: int, n_movies: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = sp.csr_array(rng.integers(0, 2, (n_users, n_movies)).astype(float))
    weights = ease_weights(matrix, 1.0)
    assert (np.diag(weights) == 0.0).all()
    assert np.isfinite(weights).all()


def test_only_the_best_supported_movies_take_part() -> None:
    matrix = sp.csr_array(np.array([[1.0, 1, 1, 0], [1, 1, 0, 0], [0, 1, 1, 0]]))
    assert supported_movies(matrix, 1, 10).tolist() == [0, 1, 2]
    assert supported_movies(matrix, 3, 10).tolist() == [1]
    assert supported_movies(matrix, 1, 2).tolist() == [0, 1]
    assert supported_movies(matrix, 4, 10).tolist() == []


def test_the_largest_weights_stay_in_each_row() -> None:
    weights = np.array([[0.0, -3.0, 1.0], [0.5, 0.0, 0.2], [2.0, 0.1, 0.0]])
    kept = keep_largest(weights, np.array([1, 3, 4]), 6, 1)
    assert kept.starts.tolist() == [0, 0, 1, 1, 2, 3, 3]
    assert kept.movies.tolist() == [3, 1, 1]
    assert kept.weights == pytest.approx([-3.0, 0.5, 2.0])


def test_scores_are_the_product_of_history_and_weights(
    ratings_of_taste: Dataset, indexed: IndexedRatings
) -> None:
    params = ModelParams(ease_regularization=4.0, ease_min_support=1)
    scorer = EASEScorer(params).fit(ratings_of_taste)
    expected = indexed.matrix(indexed.grades).toarray() @ dense_ease(
        indexed.matrix(indexed.grades).toarray(), 4.0
    )
    shown = scorer.recommend(1, 42, exclude_seen=False)
    found = np.zeros(42)
    found[shown.movie_ids - 1] = shown.scores
    assert found == pytest.approx(expected[0], abs=1e-5)


def test_without_support_there_is_nothing_personal(make: Any) -> None:
    dataset = make([(1, 1, 5.0, 1), (1, 2, 5.0, 2), (2, 3, 5.0, 3)])
    scorer = EASEScorer(ModelParams(ease_min_support=9)).fit(dataset)
    shown = scorer.recommend(1, 3)
    assert shown.movie_ids.tolist() == [3]
    assert shown.scores.tolist() == [0.0]
    assert shown.path == "content"


def test_products_are_summed_above_the_diagonal_in_any_order_of_columns() -> None:
    rng = np.random.default_rng(3)
    dense = np.round(rng.random((50, 8)) * (rng.random((50, 8)) < 0.4), 2)
    matrix = sp.csr_array(dense)
    matrix.indices = np.concatenate([row[::-1] for row in np.split(matrix.indices, matrix.indptr)])
    matrix.data = np.concatenate([row[::-1] for row in np.split(matrix.data, matrix.indptr)])
    matrix.has_sorted_indices = False
    assert gram_upper(matrix) == pytest.approx(np.triu(dense.T @ dense))
