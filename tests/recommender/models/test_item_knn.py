from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.models import item_knn
from recommender.models.indexed import IndexedRatings
from recommender.models.item_knn import ItemKNNScorer, fit_item_knn, similarities
from recommender.settings import ModelParams

GRADES = sp.csc_array(np.array([[1.0, 1.0, 0.0], [1.0, 0.5, 0.0], [0.0, 1.0, 1.0]]))


def test_similarity_is_the_cosine_by_hand() -> None:
    found = similarities(GRADES, np.arange(3), shrinkage=0.0)
    assert found[0, 1] == found[1, 0] == pytest.approx(1.5 / (np.sqrt(2.0) * 1.5))
    assert found[1, 2] == pytest.approx(1.0 / 1.5)
    assert found[0, 2] == 0.0
    assert np.diag(found).tolist() == [0.0, 0.0, 0.0]


def test_shrinkage_takes_more_from_what_few_watched() -> None:
    found = similarities(GRADES, np.array([1]), shrinkage=3.0)[0]
    assert found == pytest.approx([1.5 / (np.sqrt(2.0) * 1.5 + 3.0), 0.0, 1.0 / (1.5 + 3.0)])


def test_a_list_by_hand(make: Any) -> None:
    # Who likes 1 likes 2; 3 goes with 4. User 9 liked 1.
    rows = [(user, movie, 4.0, user) for user in (1, 2, 3) for movie in (1, 2)]
    rows += [(user, movie, 4.0, user) for user in (4, 5) for movie in (3, 4)]
    params = ModelParams(ease_min_support=1, knn_shrinkage=0.0, knn_neighbours=2)
    scorer = ItemKNNScorer(params).fit(make([*rows, (9, 1, 4.0, 9)]))
    shown = scorer.recommend(9, 3)
    assert shown.movie_ids.tolist() == [2, 3, 4]
    assert shown.scores == pytest.approx([3.0 / np.sqrt(4.0 * 3.0), 0.0, 0.0])


def test_blocks_do_not_change_the_result(
    indexed: IndexedRatings, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = ModelParams(ease_min_support=1, knn_neighbours=5)
    whole = fit_item_knn(indexed, params)
    monkeypatch.setattr(item_knn, "_BLOCK", 7)
    parts = fit_item_knn(indexed, params)
    assert np.array_equal(whole.movies, parts.movies)
    assert np.array_equal(whole.weights, parts.weights)
    assert np.diff(whole.starts).tolist() == [5] * 40 + [0, 0]
