"""Cleaning: every row that cannot be used is removed for a stated reason, counted and shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recommender.data.catalogue import clean_credits, clean_movies, clean_tags, synthesize_movies
from recommender.data.columnar import RawTable
from recommender.data.ordering import is_member, is_sorted, pair_words, stable_order
from recommender.data.raw import RATING_TYPES, RawDataset
from recommender.errors import DataError
from recommender.scale import RatingScale
from recommender.schema import CleaningReport, Dataset, RemovedRows

#: Reasons for which a rating is removed; a row with several counts under the first.
MISSING = "missing value"
OUT_OF_SCALE = "rating out of scale"
IMPOSSIBLE_TIME = "impossible timestamp"
UNKNOWN_MOVIE = "unknown movie"
DUPLICATE = "duplicate"
REASONS = (MISSING, OUT_OF_SCALE, IMPOSSIBLE_TIME, UNKNOWN_MOVIE, DUPLICATE)

#: 1 January 2100 in seconds since 1970; later timestamps are taken for milliseconds or noise.
LATEST_TIMESTAMP = 4_102_444_800
#: Examples kept for each reason.
N_EXAMPLES = 3
#: Above this share of unusable rows (duplicates aside) the file is not what it claims to be.
_MOST_UNUSABLE = 0.5
#: Above this share of unknown movies, swapped columns are considered.
_FEW_UNKNOWN = 0.01

_REMEDIES = {
    OUT_OF_SCALE: "Are the columns in the right order, and is the scale {scale}?",
    IMPOSSIBLE_TIME: "Timestamps must be seconds since 1970; are these milliseconds?",
    UNKNOWN_MOVIE: "Do the ratings and the movies belong to the same data set?",
}

Columns = dict[str, npt.NDArray[Any]]

_log = logging.getLogger(__name__)


def clean(raw: RawDataset, *, name: str, digest: str, now: int = LATEST_TIMESTAMP) -> Dataset:
    """Return the data set without the rows that cannot be used.

    Args:
        raw: What a reader found.
        name: Name of the data set.
        digest: SHA-256 of its source.
        now: Timestamps (seconds since 1970) above it are impossible.

    Raises:
        DataError: No row is left, most rows are unusable, columns look swapped, or the movies
            contradict each other.
    """
    elsewhere: list[RemovedRows] = []
    movies = clean_movies(raw.movies, elsewhere) if raw.movies else synthesize_movies(raw.ratings)
    known = movies["movie_id"].to_numpy()
    ratings, report = clean_ratings(raw.ratings, known, raw.scale, now=now)
    tags = clean_tags(raw.tags, known, elsewhere) if raw.tags else None
    credits_ = clean_credits(raw.credits, known, elsewhere) if raw.credits else None
    return Dataset(
        name=name,
        digest=digest,
        ratings=ratings,
        movies=movies,
        scale=raw.scale,
        tags=tags,
        credits=credits_,
        simulated=raw.simulated,
        cleaning=replace(report, elsewhere=elsewhere),
    )


def clean_ratings(
    raw: RawTable,
    known_movies: npt.NDArray[np.int32],
    scale: RatingScale,
    *,
    now: int = LATEST_TIMESTAMP,
) -> tuple[pd.DataFrame, CleaningReport]:
    """Return usable ratings as `recommender.schema.RATING_DTYPES`, and what was removed.

    A rating is removed where a value is missing, where it is outside the scale (one off the grid
    stays: validation warns of it), where its timestamp is negative or after ``now``, where its
    movie is unknown, and where the same user rated the same movie later; of equal timestamps the
    later row wins.

    Args:
        raw: Columns of `RATING_TYPES`.
        known_movies: Sorted ids of the catalogue.
        scale: The rating scale of the source.
        now: Latest possible timestamp, in seconds since 1970.

    Raises:
        DataError: There are no ratings, none is left, more than half are unusable for a reason
            other than being duplicates, or ``user_id`` and ``movie_id`` look swapped.
    """
    if not raw.table.num_rows:
        raise DataError("holds no ratings", place=raw.place)
    columns, missing = _to_arrays(raw.table)
    reason = _reasons(columns, missing, known_movies, scale, now)
    _refuse_swapped_ids(raw, columns, reason, known_movies)
    _mark(reason, _duplicates(columns, reason), DUPLICATE)
    report = _report(raw, columns, missing, reason)
    _refuse_unusable(raw, report, scale)
    return _chronological(columns, reason), report


def _to_arrays(table: pa.Table) -> tuple[Columns, dict[str, npt.NDArray[np.bool_]]]:
    """Return the columns as arrays with zero for null, and by column where nulls were."""
    columns: Columns = {}
    missing = {}
    for name, kind in RATING_TYPES.items():
        column = table.column(name)
        if kind == pa.float32():
            column = pc.if_else(pc.is_nan(column), None, column) if _has_nan(column) else column
        if column.null_count:
            missing[name] = pc.is_null(column).to_numpy()
            column = column.fill_null(pa.scalar(0, kind))
        columns[name] = column.to_numpy()
    return columns, missing


def _has_nan(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.is_nan(column)).as_py())


def _reasons(
    columns: Columns,
    missing: Mapping[str, npt.NDArray[np.bool_]],
    known_movies: npt.NDArray[np.int32],
    scale: RatingScale,
    now: int,
) -> npt.NDArray[np.uint8]:
    """Return shape (n,): 0 for a row to keep, else 1 plus the index of its reason."""
    reason = np.zeros(len(columns["rating"]), dtype=np.uint8)
    for mask in missing.values():
        _mark(reason, mask, MISSING)
    rating, timestamp = columns["rating"], columns["timestamp"]
    _mark_outside(reason, rating, scale.minimum, scale.maximum, OUT_OF_SCALE)
    _mark_outside(reason, timestamp, 0, now, IMPOSSIBLE_TIME)
    _mark(reason, ~is_member(columns["movie_id"], known_movies), UNKNOWN_MOVIE)
    return reason


def _mark_outside(
    reason: npt.NDArray[np.uint8], values: npt.NDArray[Any], low: float, high: float, name: str
) -> None:
    if values.min() < low or values.max() > high:
        _mark(reason, (values < low) | (values > high), name)


def _mark(reason: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_], name: str) -> None:
    if mask.any():
        reason[mask & (reason == 0)] = REASONS.index(name) + 1


def _duplicates(columns: Columns, reason: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return shape (n,): the usable rows which a later rating of the same pair replaces."""
    duplicate = np.zeros(len(reason), dtype=bool)
    pairs = pair_words(columns["user_id"], columns["movie_id"])
    usable = np.flatnonzero(reason == 0) if reason.any() else None
    if usable is not None:
        pairs = pairs[usable]
    if _strictly_rising(pairs):
        return duplicate
    ordered = np.sort(pairs)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return duplicate
    del ordered
    rows = np.flatnonzero(np.isin(pairs, repeated))
    pairs = pairs[rows]
    rows = rows if usable is None else usable[rows]
    order = stable_order(pairs, columns["timestamp"][rows])
    replaced = pairs[order][1:] == pairs[order][:-1]
    duplicate[rows[order][:-1][replaced]] = True
    return duplicate


def _strictly_rising(values: npt.NDArray[np.int64]) -> bool:
    return bool((values[1:] > values[:-1]).all())


def _chronological(columns: Columns, reason: npt.NDArray[np.uint8]) -> pd.DataFrame:
    """Return the rows to keep, sorted by timestamp, user and movie; empties ``columns``."""
    if reason.any():
        keep = reason == 0
        for name in RATING_TYPES:
            columns[name] = columns[name][keep]
    keys = columns["timestamp"], columns["user_id"], columns["movie_id"]
    order = None if is_sorted(*keys) else stable_order(*keys)
    del keys
    frame = {}
    for name in RATING_TYPES:
        column = columns.pop(name)
        frame[name] = np.array(column) if order is None else column[order]
    return pd.DataFrame(frame, copy=False)


def _report(
    raw: RawTable,
    columns: Columns,
    missing: Mapping[str, npt.NDArray[np.bool_]],
    reason: npt.NDArray[np.uint8],
) -> CleaningReport:
    counts = np.bincount(reason, minlength=len(REASONS) + 1)
    removed = {name: int(n) for name, n in zip(REASONS, counts[1:], strict=True) if n}
    rows = {
        name: np.flatnonzero(reason == REASONS.index(name) + 1)[:N_EXAMPLES].tolist()
        for name in removed
    }
    wanted = sorted({row for group in rows.values() for row in group})
    labels = dict(zip(wanted, raw.label(wanted), strict=True)) if wanted else {}
    examples = {
        name: [f"{raw.name}, {labels[row]}: {_shown(columns, missing, row)}" for row in group]
        for name, group in rows.items()
    }
    for name, count in removed.items():
        _log.warning("%s: removed %d ratings: %s; %s", raw.place, count, name, examples[name][0])
    return CleaningReport(len(reason), int(counts[0]), removed, examples)


def _shown(columns: Columns, missing: Mapping[str, npt.NDArray[np.bool_]], row: int) -> str:
    values = (
        f"{name} {'missing' if name in missing and missing[name][row] else columns[name][row]}"
        for name in RATING_TYPES
    )
    return ", ".join(values)


def _refuse_unusable(raw: RawTable, report: CleaningReport, scale: RatingScale) -> None:
    unusable = {name: n for name, n in report.removed.items() if name != DUPLICATE}
    total = sum(unusable.values())
    if total <= _MOST_UNUSABLE * report.rows_read:
        return
    commonest = max(unusable, key=lambda name: unusable[name])
    reasons = ", ".join(f"{n:,} {name}" for name, n in unusable.items())
    words = f"from {scale.minimum} to {scale.maximum} stars"
    raise DataError(
        f"{total:,} of {report.rows_read:,} ratings are unusable: {reasons}",
        place=raw.place,
        value=report.examples[commonest][0],
        remedy=_REMEDIES.get(commonest, "").format(scale=words) or None,
    )


def _refuse_swapped_ids(
    raw: RawTable,
    columns: Columns,
    reason: npt.NDArray[np.uint8],
    known_movies: npt.NDArray[np.int32],
) -> None:
    """Refuse ratings whose users are a better catalogue than their movies.

    Swapped columns are the one fault that can pass unseen, since small user ids are often movie
    ids too. They give themselves away where some movies are unknown while every user id is a
    movie, and these cover half the catalogue.
    """
    unknown = np.count_nonzero(reason == REASONS.index(UNKNOWN_MOVIE) + 1)
    if unknown <= _FEW_UNKNOWN * len(reason):
        return
    users = np.unique(columns["user_id"])
    if 2 * len(users) < len(known_movies) or not np.isin(users, known_movies).all():
        return
    user, movie = (raw.columns.get(name, name) for name in ("user_id", "movie_id"))
    raise DataError(
        f"the columns {user!r} and {movie!r} look swapped: every {user} is a movie, while "
        f"{unknown:,} ratings have a {movie} that is none",
        place=raw.place_of(int(np.flatnonzero(reason)[0]), "movie_id"),
        remedy="Check the header.",
    )
