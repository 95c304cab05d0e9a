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


#: Few of many, which are sorted, or nearly all of few, which a table holds.
SPREAD = st.one_of(IDS, st.lists(st.integers(-3, 20), min_size=20, max_size=60))


@given(SPREAD)
def test_the_code_of_each_id_is_its_position(ids: list[int]) -> None:
    index, codes = IdIndex.encode(ids)
    assert index.ids.tolist() == IdIndex.of(ids).ids.tolist() == sorted(set(ids))
    assert index.ids.dtype == np.int32
    assert codes.tolist() == index.positions(ids).tolist()


def test_codes_have_the_shape_of_the_ids() -> None:
    for ids in (np.array([[7, 7], [8, 7]]), np.array([[7, 900], [8, 7]])):
        index, codes = IdIndex.encode(ids)
        assert np.array_equal(index.ids[codes], ids)


def test_ids_beyond_32_bits_are_unknown_and_not_wrapped() -> None:
    index = IdIndex.of([0, 5])
    assert index.positions([2**32, 2**32 + 5, -1]).tolist() == [UNKNOWN] * 3
    assert [index.position(single) for single in (5, 2**32 + 5, -1)] == [1, UNKNOWN, UNKNOWN]


def test_an_empty_index_knows_nothing() -> None:
    assert IdIndex.of([]).positions(np.array([[1, 2]])).tolist() == [[UNKNOWN, UNKNOWN]]
    assert IdIndex.of([]).position(1) == UNKNOWN
