from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from recommender.data import ordering
from recommender.data.ordering import is_member, is_sorted, pair_words, stable_order

#: The same examples in every run, however slow the machine.
STEADY = settings(deadline=None, derandomize=True, max_examples=60)

NARROW = st.integers(-3, 3)
WIDE = st.integers(-(2**62), 2**62)


@st.composite
def keys(draw: st.DrawFn) -> list[np.ndarray]:
    n_rows = draw(st.integers(1, 30))
    elements = draw(st.lists(st.sampled_from([NARROW, WIDE]), min_size=1, max_size=4))
    return [draw(npst.arrays(np.int64, n_rows, elements=kind)) for kind in elements]


@STEADY
@given(keys())
def test_the_order_is_that_of_lexsort(columns: list[np.ndarray]) -> None:
    expected = np.lexsort(columns[::-1])
    np.testing.assert_array_equal(stable_order(*columns), expected)
    assert is_sorted(*[column[expected] for column in columns])
    assert is_sorted(*columns) == (expected == np.arange(len(expected))).all()


def test_keys_of_real_spans_need_two_passes() -> None:
    rng = np.random.default_rng(0)
    timestamps = rng.integers(0, 1_500_000_000, 20_000) // 40_000
    users = rng.integers(0, 2**31, 20_000).astype(np.int32)
    movies = rng.integers(0, 300_000, 20_000).astype(np.int32)
    np.testing.assert_array_equal(
        stable_order(timestamps, users, movies), np.lexsort((movies, users, timestamps))
    )


def test_nothing_and_one_row() -> None:
    empty = np.empty(0, dtype=np.int64)
    assert stable_order(empty).tolist() == []
    assert is_sorted(empty)
    assert stable_order(np.array([5])).tolist() == [0]


@STEADY
@given(
    npst.arrays(np.int32, st.integers(0, 20), elements=st.integers(-40, 40)),
    npst.arrays(np.int32, st.integers(1, 20), elements=st.integers(-20, 20)),
)
def test_membership_is_that_of_isin(values: np.ndarray, members: np.ndarray) -> None:
    np.testing.assert_array_equal(is_member(values, members), np.isin(values, members))


def test_membership_by_pieces_and_with_ids_far_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_CHUNK", 7)
    values = np.arange(-50, 50, dtype=np.int32)
    for members in (np.array([3, 9, 48]), np.array([-(2**31), 7, 2**31 - 1])):
        ids = members.astype(np.int32)
        np.testing.assert_array_equal(is_member(values, ids), np.isin(values, ids))


@STEADY
@given(
    npst.arrays(np.int32, 20, elements=st.integers(-(2**31), 2**31 - 1)),
    npst.arrays(np.int32, 20, elements=st.integers(-(2**31), 2**31 - 1)),
)
def test_words_order_as_pairs_do(major: np.ndarray, minor: np.ndarray) -> None:
    words = pair_words(major, minor)
    np.testing.assert_array_equal(np.argsort(words, kind="stable"), np.lexsort((minor, major)))
