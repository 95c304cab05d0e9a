from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.data.cleaning import (
    DUPLICATE,
    IMPOSSIBLE_TIME,
    LATEST_TIMESTAMP,
    MISSING,
    OUT_OF_SCALE,
    UNKNOWN_MOVIE,
    clean_ratings,
)
from recommender.data.columnar import RawTable
from recommender.data.raw import RATING_TYPES
from recommender.errors import DataError
from recommender.scale import RatingScale
from recommender.schema import RATING_DTYPES, CleaningReport

#: The same examples in every run, however slow the machine.
STEADY = settings(deadline=None, derandomize=True, max_examples=60)

Row = tuple[int | None, int | None, float | None, int | None]
SCALE = RatingScale()
KNOWN = np.arange(1, 101, dtype=np.int32)
#: Enough rows in order that a few bad ones do not condemn the file.
GOOD: list[Row] = [(1000 + i, 1 + i, 3.0, 5_000 + i) for i in range(10)]


def _raw(rows: Sequence[Row]) -> RawTable:
    columns = zip(*rows, strict=True) if rows else [[]] * 4
    arrays = [pa.array(c, t) for c, t in zip(columns, RATING_TYPES.values(), strict=True)]
    table = pa.table(arrays, names=list(RATING_TYPES))
    names = {name: name for name in RATING_TYPES}
    return RawTable(table, "r.csv", "/x/r.csv", names, lambda at: [f"line {i + 2}" for i in at])


def _clean(rows: Sequence[Row], now: int = LATEST_TIMESTAMP) -> tuple[pd.DataFrame, CleaningReport]:
    return clean_ratings(_raw(rows), KNOWN, SCALE, now=now)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((1, 1, 7.0, 1), OUT_OF_SCALE),
        ((1, 1, 0.25, 1), OUT_OF_SCALE),
        ((1, 1, float("inf"), 1), OUT_OF_SCALE),
        ((1, 1, float("nan"), 1), MISSING),
        ((1, 1, None, 1), MISSING),
        ((None, 1, 3.0, 1), MISSING),
        ((1, None, 3.0, 1), MISSING),
        ((1, 1, 3.0, None), MISSING),
        ((1, 1, 3.0, -1), IMPOSSIBLE_TIME),
        ((1, 1, 3.0, LATEST_TIMESTAMP + 1), IMPOSSIBLE_TIME),
        ((1, 101, 3.0, 1), UNKNOWN_MOVIE),
        ((1, -5, 3.0, 1), UNKNOWN_MOVIE),
        ((1, 999, 7.0, -1), OUT_OF_SCALE),
    ],
)
def test_a_row_is_removed_for_its_first_reason(row: Row, reason: str) -> None:
    ratings, report = _clean([*GOOD, row])
    assert report.removed == {reason: 1}
    assert (report.rows_read, report.rows_kept) == (11, 10)
    assert len(ratings) == 10
    assert report.examples[reason][0].startswith("r.csv, line 12: user_id ")


@pytest.mark.parametrize(
    "row", [(1, 1, 0.5, 0), (1, 100, 5.0, LATEST_TIMESTAMP), (-1, 1, 3.3, 1), (1, 1, 2.75, 1)]
)
def test_what_is_only_unusual_stays(row: Row) -> None:
    ratings, report = _clean([*GOOD, row])
    assert report.removed == {}
    assert len(ratings) == 11


def test_now_bounds_the_timestamps() -> None:
    assert _clean(GOOD, now=5_008)[1].removed == {IMPOSSIBLE_TIME: 1}


def test_examples_show_the_row_and_at_most_three() -> None:
    bad: list[Row] = [(i, 7, None, i) for i in range(5)]
    report = _clean([*GOOD, *bad])[1]
    assert report.removed == {MISSING: 5}
    assert report.examples[MISSING] == [
        "r.csv, line 12: user_id 0, movie_id 7, rating missing, timestamp 0",
        "r.csv, line 13: user_id 1, movie_id 7, rating missing, timestamp 1",
        "r.csv, line 14: user_id 2, movie_id 7, rating missing, timestamp 2",
    ]


def test_the_last_rating_wins_and_the_later_row_breaks_a_tie() -> None:
    rows: list[Row] = [
        (1, 1, 1.0, 30),
        (1, 1, 2.0, 40),
        (1, 1, 3.0, 20),
        (2, 1, 4.0, 50),
        (2, 1, 5.0, 50),
        (1, 2, 1.5, 60),
    ]
    ratings, report = _clean(rows)
    assert report.removed == {DUPLICATE: 3}
    assert ratings["rating"].tolist() == [2.0, 5.0, 1.5]
    assert "line 2: " in report.examples[DUPLICATE][0]


def test_an_unusable_row_replaces_no_good_one() -> None:
    rows: list[Row] = [*GOOD, (1, 1, 4.0, 10), (1, 1, 9.0, 20), (1, 1, 2.0, 5)]
    ratings, report = _clean(rows)
    assert report.removed == {OUT_OF_SCALE: 1, DUPLICATE: 1}
    assert ratings.loc[ratings["user_id"] == 1, "rating"].tolist() == [4.0]


def test_many_duplicates_do_not_condemn_a_file() -> None:
    ratings, report = _clean([(1, 1, 3.0, i) for i in range(100)])
    assert report.removed == {DUPLICATE: 99}
    assert ratings["timestamp"].tolist() == [99]


def test_frames_are_typed_sorted_and_writable() -> None:
    for rows in (GOOD, GOOD[::-1]):
        ratings, _ = _clean(rows)
        assert {name: str(kind) for name, kind in ratings.dtypes.items()} == RATING_DTYPES
        assert ratings["timestamp"].is_monotonic_increasing
        assert ratings.index.equals(pd.RangeIndex(10))
        ratings.loc[0, "rating"] = 1.0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((1, 1, 9.0, 1), "11 of 21 ratings are unusable: 11 rating out of scale"),
        ((1, 1, 3.0, 964_982_703_000), "are these milliseconds"),
        ((1, 101, 3.0, 1), "belong to the same data set"),
        ((1, 1, None, 1), r"11 missing value \(found 'r\.csv, line 12: "),
    ],
)
def test_a_mostly_unusable_file_is_refused(row: Row, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        _clean([*GOOD, *[row] * 11])
    assert str(caught.value).startswith("/x/r.csv: ")


def test_no_ratings_at_all_are_refused() -> None:
    with pytest.raises(DataError, match=r"/x/r\.csv: holds no ratings"):
        _clean([])


def test_swapped_ids_are_told_from_unknown_movies() -> None:
    swapped: list[Row] = [(1 + i % 100, 1 + i % 150, 3.0, i) for i in range(600)]
    with pytest.raises(DataError, match="'user_id' and 'movie_id' look swapped"):
        _clean(swapped)
    users_beyond: list[Row] = [*swapped, (500, 1, 3.0, 1)]
    assert UNKNOWN_MOVIE in _clean(users_beyond)[1].removed
    few_users: list[Row] = [(1 + i % 20, 1 + i % 150, 3.0, i) for i in range(600)]
    assert UNKNOWN_MOVIE in _clean(few_users)[1].removed


ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1000, 1004)),
        st.one_of(st.none(), st.sampled_from([1, 2, 3, 100, 101])),
        st.one_of(st.none(), st.sampled_from([0.5, 3.0, 3.3, 5.0, 7.0, float("nan")])),
        st.one_of(st.none(), st.integers(-2, 12)),
    ),
    max_size=40,
)


def _usable(row: Row) -> bool:
    user, movie, rating, timestamp = row
    if user is None or movie is None or rating is None or timestamp is None:
        return False
    return 0.5 <= rating <= 5.0 and 0 <= timestamp <= 10 and movie <= 100


@STEADY
@given(ROWS)
def test_cleaning_keeps_its_invariants(rows: list[Row]) -> None:
    rows = [*rows, *((2000 + i, 1, 3.0, 5) for i in range(len(rows) + 1))]
    ratings, report = _clean(rows, now=10)
    last: dict[tuple, tuple] = {}
    for row in rows:
        if _usable(row) and row[3] >= last.get(row[:2], (0, 0, 0, -1))[3]:
            last[row[:2]] = row
    expected = sorted(last.values(), key=lambda row: (row[3], row[0], row[1]))
    found = list(ratings.itertuples(index=False, name=None))
    assert found == [(u, m, np.float32(r), t) for u, m, r, t in expected]
    assert report.rows_read == len(rows) == report.rows_kept + sum(report.removed.values())
    assert report.rows_kept == len(ratings)
    assert all(report.removed.values())
    assert {k: len(v) for k, v in report.examples.items()} == {
        k: min(n, 3) for k, n in report.removed.items()
    }


@STEADY
@given(ROWS)
def test_cleaning_twice_changes_nothing(rows: list[Row]) -> None:
    rows = [*rows, *((2000 + i, 1, 3.0, 5) for i in range(len(rows) + 1))]
    once, _ = _clean(rows)
    again, report = _clean(list(once.itertuples(index=False, name=None)))
    assert report.removed == {}
    pd.testing.assert_frame_equal(once, again)
