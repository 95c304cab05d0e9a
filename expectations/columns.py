"""The tables of a data set and the columns that suites may name, the derived ones among them.

A derived column answers in one pass what would otherwise need a join, or a comparison of every
row with every other: whether a pair is unique, a movie known, how often each rating occurs. It is
made when a suite asks for it and dropped after, so that at most one is in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recommender.data.additions import USERS_OWN_WORD
from recommender.errors import DataError
from recommender.schema import (
    CREDIT_DTYPES,
    MOVIE_DTYPES,
    RATING_DTYPES,
    TAG_DTYPES,
    CleaningReport,
    Dataset,
)


@dataclass(frozen=True)
class Column:
    """One column, ready to be checked.

    Attributes:
        frame: Frame of the one column, numbers widened to 64 bits.
        rows: Frame with the same number of rows, from which examples are shown.
    """

    frame: pd.DataFrame
    rows: pd.DataFrame


def table(dataset: Dataset, suite: str) -> pd.DataFrame | None:
    """Return the table that ``suite`` is about, or ``None`` where the data set has none."""
    if suite == "cleaning":
        return None if dataset.cleaning is None else _cleaning_table(dataset.cleaning)
    frames = {
        "ratings": dataset.ratings,
        "movies": dataset.movies,
        "tags": dataset.tags,
        "credits": dataset.credits,
    }
    frame = frames[suite]
    return None if frame is None else frame.reset_index(drop=True)


def known_columns(suite: str) -> list[str]:
    """Return the names that an expectation of ``suite`` may have as its column."""
    return [*_BASE[suite], *_DERIVED.get(suite, {})]


def is_derived(suite: str, name: str) -> bool:
    """Return whether the column is computed for the check and not part of the table."""
    return name in _DERIVED.get(suite, {})


def column(dataset: Dataset, suite: str, frame: pd.DataFrame, name: str) -> Column:
    """Return a column of ``frame``, which `table` gave, or one derived from it.

    Raises:
        DataError: A column that it needs is missing or of a type from which it cannot be made.
    """
    if is_derived(suite, name):
        values, rows = _DERIVED[suite][name](dataset, frame)
        return Column(values.rename(name).to_frame(), rows)
    return Column(_widened(_present(frame, name)).to_frame(), frame)


def _widened(values: pd.Series) -> pd.Series:
    """Return numbers as 64-bit ones, for which every check is one vectorised operation.

    Great Expectations calls a Python function for every single number of another width, which
    takes 20 seconds for 25 million; and a mean of 32-bit numbers is itself of 32 bits.
    """
    if not isinstance(values.dtype, np.dtype) or values.dtype.kind not in "iuf":
        return values
    return values.astype("float64") if values.dtype.kind == "f" else values.astype("int64")


def _present(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise DataError(f"the column {name} is missing", value=list(frame.columns))
    return frame[name]


Derived = tuple[pd.Series, pd.DataFrame]


def _pair_is_unique(_: Dataset, ratings: pd.DataFrame) -> Derived:
    """Whether no other row has this user and movie.

    Both ids are packed into one number, and the numbers are sorted: for 25 million that takes
    about a tenth of the time of hashing them, as pandas does.
    """
    pairs = _ids(ratings, "user_id").astype(np.int64)
    pairs <<= 32
    pairs |= _ids(ratings, "movie_id").view(np.uint32)
    in_order = np.sort(pairs)
    repeated = np.unique(in_order[1:][in_order[1:] == in_order[:-1]])
    if repeated.size == 0:
        return pd.Series(np.ones(len(pairs), dtype=bool)), ratings
    return ~pd.Series(pairs).isin(repeated), ratings


def _ids(frame: pd.DataFrame, name: str) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    values = _present(frame, name)
    if values.dtype != np.int32:
        raise DataError(f"the column {name} is not of type int32", value=str(values.dtype))
    return values.to_numpy()


def _movie_is_known(dataset: Dataset, frame: pd.DataFrame) -> Derived:
    """Whether the row's movie stands in the movies table."""
    return _present(frame, "movie_id").isin(_present(dataset.movies, "movie_id")), frame


def _rating_share(_: Dataset, ratings: pd.DataFrame) -> Derived:
    """For each rating that occurs, one row: its share of all ratings, the largest first."""
    counts = _present(ratings, "rating").value_counts()
    rows = counts.rename_axis("rating").reset_index(name="rows")
    rows["share"] = rows["rows"] / max(len(ratings), 1)
    return rows["share"], rows


def _genre(_: Dataset, movies: pd.DataFrame) -> Derived:
    """One row for each genre of each movie."""
    genres = _present(movies, "genres")
    if not pd.api.types.is_string_dtype(genres):
        raise DataError("the column genres is not text", value=str(genres.dtype))
    named = movies.assign(genre=genres.str.split("|")).explode("genre")
    rows = named[named["genre"] != ""].reset_index(drop=True)
    return rows["genre"], rows


def _unaccounted_rows(dataset: Dataset, removed: pd.DataFrame) -> Derived:
    """One row: how many rows were read that are neither kept nor counted under a reason."""
    report = dataset.cleaning or CleaningReport(0, 0)
    n_removed = int(removed["rows"].sum())
    missing = report.rows_read - report.rows_kept - n_removed
    rows = pd.DataFrame(
        {"read": [report.rows_read], "kept": [report.rows_kept], "removed": [n_removed]}
    )
    return pd.Series([missing]), rows


def _cleaning_table(report: CleaningReport) -> pd.DataFrame:
    rows = pd.Series(list(report.removed.values()), dtype="int64")
    # A user's own later word is no fault of the data, however often it replaces an earlier one.
    at_fault = [reason not in USERS_OWN_WORD for reason in report.removed]
    return pd.DataFrame(
        {
            "reason": pd.Series(list(report.removed), dtype="str"),
            "rows": rows,
            "share": rows.where(pd.Series(at_fault, dtype="bool"), 0) / max(report.rows_read, 1),
        }
    )


_BASE: dict[str, tuple[str, ...]] = {
    "ratings": tuple(RATING_DTYPES),
    "movies": tuple(MOVIE_DTYPES),
    "tags": tuple(TAG_DTYPES),
    "credits": tuple(CREDIT_DTYPES),
    "cleaning": ("reason", "rows", "share"),
}
_DERIVED: dict[str, dict[str, Callable[[Dataset, pd.DataFrame], Derived]]] = {
    "ratings": {
        "pair_is_unique": _pair_is_unique,
        "movie_is_known": _movie_is_known,
        "rating_share": _rating_share,
    },
    "movies": {"genre": _genre},
    "tags": {"movie_is_known": _movie_is_known},
    "credits": {"movie_is_known": _movie_is_known},
    "cleaning": {"unaccounted_rows": _unaccounted_rows},
}
