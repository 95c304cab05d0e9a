from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.inference.identifiers import UNKNOWN, IdIndex

IDS = st.lists(st.integers(0, 2**31 - 1), max_size=30)


@given(IDS, IDS)
def test_positions_lead_back_to_the_ids(known: list[int], wanted: list[int]) -> None:
    index = IdIndex.of(known)
    assert len(index) == len(set(known))
    for single, position in zip(wanted, index.positions(wanted).tolist(), strict=True):
        if position == UNKNOWN:
            assert single not in known
        else:
            assert index.ids[position] == single
        assert index.position(single) == position


def test_ids_beyond_32_bits_are_unknown_and_not_wrapped() -> None:
    index = IdIndex.of([0, 5])
    assert index.positions([2**32, 2**32 + 5, -1]).tolist() == [UNKNOWN] * 3
    assert [index.position(single) for single in (5, 2**32 + 5, -1)] == [1, UNKNOWN, UNKNOWN]


def test_an_empty_index_knows_nothing() -> None:
    assert IdIndex.of([]).positions(np.array([[1, 2]])).tolist() == [[UNKNOWN, UNKNOWN]]
    assert IdIndex.of([]).position(1) == UNKNOWN
