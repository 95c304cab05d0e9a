from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.models.features import movie_terms
from recommender.models.indexed import IndexedRatings
from recommender.models.side_information import movie_features, term_matrix, user_features

ROWS = [(1, 1, 4.0, 1), (1, 2, 3.0, 2), (2, 1, 5.0, 3), (3, 3, 2.0, 4), (3, 5, 2.0, 5)]


def test_users_are_an_id_and_what_they_rated(make: Any) -> None:
    data = IndexedRatings.of(make(ROWS, movie_ids=[1, 2, 3, 4, 5])).only(np.arange(4))
    block = user_features(data)
    half = 1.0 / np.sqrt(2.0)
    assert block.widths == (3, 3)
    assert block.matrix.toarray() == pytest.approx(
        np.array(
            [
                [0, 1, 0, 0, half, half, 0],
                [0, 0, 1, 0, 1, 0, 0],
                [0, 0, 0, 1, 0, 0, 1],
                [1, 0, 0, 0, 0, 0, 0],
            ]
        )
    )
    assert block.rated.toarray() == pytest.approx(block.matrix.toarray()[:, 1:])


def test_a_movie_without_ratings_has_content_and_no_id(make: Any) -> None:
    dataset = make(ROWS, movie_ids=[1, 2, 3, 4, 5])
    block = movie_features(IndexedRatings.of(dataset), movie_terms(dataset), ("genre",))
    # Ids of four rated movies, three viewers, the genre that two rated movies share.
    assert block.widths == (4, 3, 1)
    assert block.matrix.toarray()[:, 0].tolist() == [0, 0, 0, 1, 0, 1]
    assert block.matrix.toarray()[3, 1:-1].tolist() == [0] * 7
    assert block.matrix.toarray()[:, -1].tolist() == [1, 0, 1, 0, 1, 0]
    assert block.rated.toarray()[3].tolist() == [0] * 8


def test_terms_that_one_rated_movie_bears_are_left_out() -> None:
    terms = [["genre:A", "era:1990"], ["genre:A", "genre:B"], ["genre:B"], ["genre:A"]]
    rated = np.array([True, True, False, False])
    assert term_matrix(terms, rated, "genre").toarray().tolist() == [[1], [1], [0], [1]]
    assert term_matrix(terms, rated, "era").shape == (4, 0)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.tuples(st.integers(1, 8), st.integers(1, 9)), min_size=1, max_size=40))
def test_each_group_of_a_rated_row_has_unit_length(pairs: set[tuple[int, int]]) -> None:
    from tests.recommender.models.conftest import make_dataset

    dataset = make_dataset([(u, m, 3.0, 5) for u, m in sorted(pairs)])
    data = IndexedRatings.of(dataset)
    for block in (user_features(data), movie_features(data, movie_terms(dataset), ())):
        lengths = np.sqrt((block.rated.toarray() ** 2).sum(axis=1))
        assert lengths[:-1] == pytest.approx(np.sqrt(2.0))
        assert lengths[-1] == 0.0
