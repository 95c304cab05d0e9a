from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.models.indexed import IndexedRatings, sorted_rows
from recommender.models.ordering_kernels import row_starts, stable_positions


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=40))
def test_the_order_is_that_of_a_stable_sort(keys: list[int]) -> None:
    array = np.array(keys, dtype=np.int64)
    order = stable_positions(array, 7)
    assert order.tolist() == np.argsort(array, kind="stable").tolist()
    starts = row_starts(array, 7)
    for key in range(7):
        assert (array[order[starts[key] : starts[key + 1]]] == key).all()
    assert starts[-1] == array.size


def test_seen_movies_rise_within_a_user(indexed: IndexedRatings) -> None:
    found = sorted_rows(indexed.users, indexed.movies, indexed.n_users, indexed.n_movies)
    expected = indexed.movies[np.lexsort((indexed.movies, indexed.users))]
    assert found.tolist() == expected.tolist()
    assert found.dtype == np.int32


def test_histories_are_the_oldest_first(indexed: IndexedRatings) -> None:
    histories = indexed.histories()
    order = np.lexsort((indexed.movies, indexed.timestamps, indexed.users))
    assert histories.movies.tolist() == indexed.movies[order].tolist()
    assert histories.starts.tolist() == [0, *np.cumsum(indexed.user_counts).tolist()]
