"""Ratings and item features from plain tab- or comma-separated files, with or without a header.

A file of ratings holds user, item, rating and, where it has them, timestamps in seconds. A file
of items holds item, title and genres joined with ``|``; a title may end with its year.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from recommender.data.titles import split_titles
from recommender.errors import DataError
from recommender.scale import RatingScale
from recommender.schema import MOVIE_DTYPES, RATING_DTYPES, Dataset

_COLUMNS = tuple(RATING_DTYPES)
_LARGEST_ID = 2**31 - 1
_FEWEST_COLUMNS = 3


def read_rating_file(path: Path) -> pd.DataFrame:
    """Return the ratings in ``path`` as a frame of ``RATING_DTYPES``, in the order of the file.

    Without timestamps all are 0.

    Raises:
        DataError: The file cannot be read or is empty, or a row is malformed; the message names
            the row.
    """
    rows = _rows(path)
    if rows and not _is_number(rows[0][1][-1]):
        rows = rows[1:]
    if not rows:
        raise DataError("there are no ratings", place=str(path))
    values = [_rating(row, f"{path}, line {line}") for line, row in rows]
    frame = pd.DataFrame(values, columns=list(_COLUMNS)).astype(RATING_DTYPES)
    twice = frame.duplicated(["user_id", "movie_id"]).to_numpy()
    if twice.any():
        line, row = rows[int(np.flatnonzero(twice)[0])]
        raise DataError(
            "a user rates an item a second time", place=f"{path}, line {line}", value=row
        )
    return frame


def read_items_file(path: Path) -> pd.DataFrame:
    """Return the items in ``path`` as a frame of ``MOVIE_DTYPES``.

    Raises:
        DataError: The file cannot be read, or a row is malformed.
    """
    rows = _rows(path)
    if rows and not _is_number(rows[0][1][0]):
        rows = rows[1:]
    places = [f"{path}, line {line}" for line, _ in rows]
    ids = [_id(row[0], place) for (_, row), place in zip(rows, places, strict=True)]
    padded = [(*row, "", "")[1:3] for _, row in rows]
    titles, years = split_titles(pa.chunked_array([pa.array([t for t, _ in padded], pa.string())]))
    frame = pd.DataFrame(
        {
            "movie_id": ids,
            "title": titles.to_pylist(),
            "year": pd.array(years.to_pylist(), dtype="Int16"),
            "genres": [genres for _, genres in padded],
        }
    ).astype(MOVIE_DTYPES)
    if frame["movie_id"].duplicated().any():
        raise DataError(
            "an item is listed twice",
            place=str(path),
            value=int(frame.loc[frame["movie_id"].duplicated(), "movie_id"].iloc[0]),
        )
    return frame.sort_values("movie_id", ignore_index=True)


def make_dataset(
    name: str, train: pd.DataFrame, test: pd.DataFrame, items: pd.DataFrame | None
) -> Dataset:
    """Return training ratings as a data set whose catalogue also holds what is only tested.

    The scale runs from the lowest to the highest training rating.
    """
    rated = np.union1d(train["movie_id"].to_numpy(), test["movie_id"].to_numpy())
    known = pd.DataFrame({column: [] for column in MOVIE_DTYPES}) if items is None else items
    missing = np.setdiff1d(rated, known["movie_id"].to_numpy(np.int64))
    bare = pd.DataFrame(
        {"movie_id": missing, "title": [f"Movie {i}" for i in missing], "year": None, "genres": ""}
    )
    parts = [part.astype(MOVIE_DTYPES) for part in (known, bare) if len(part)]
    movies = pd.concat(parts).sort_values("movie_id", ignore_index=True)
    return Dataset(
        name=name,
        digest=hashlib.sha256(
            pd.util.hash_pandas_object(train, index=False).to_numpy().tobytes()
        ).hexdigest(),
        ratings=train.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True),
        movies=movies,
        scale=_scale(train["rating"].to_numpy(np.float64)),
    )


def _scale(ratings: np.ndarray[Any, Any]) -> RatingScale:
    whole = bool((ratings % 1.0 == 0.0).all())
    low, high = float(ratings.min()), float(ratings.max())
    return RatingScale(low, high if high > low else low + 1.0, 1.0 if whole else 0.5)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with the number of its line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the file cannot be read: {error}", place=str(path)) from error
    separator = "\t" if lines and "\t" in lines[0] else ","
    read: Iterable[list[str]] = csv.reader(lines, delimiter=separator)
    return [(line, row) for line, row in enumerate(read, start=1) if row]


def _rating(row: list[str], place: str) -> tuple[int, int, float, int]:
    if not _FEWEST_COLUMNS <= len(row) <= len(_COLUMNS):
        raise DataError(
            "a row must hold user, item, rating and at most a timestamp",
            place=place,
            value=row,
            remedy="Separate the columns by tabs or by commas.",
        )
    rating = _number(row[2], float, "a rating must be a number", place)
    if not np.isfinite(rating):
        raise DataError("a rating must be finite", place=place, value=row[2])
    moment = row[3] if len(row) == len(_COLUMNS) else "0"
    timestamp = int(_number(moment, float, "a timestamp must be in seconds", place))
    return _id(row[0], place), _id(row[1], place), rating, timestamp


def _id(text: str, place: str) -> int:
    found = int(_number(text, int, "an id must be a whole number", place))
    if not 0 <= found <= _LARGEST_ID:
        raise DataError("an id must be of 31 bits", place=place, value=text)
    return found


def _number(text: str, kind: Callable[[str], Any], problem: str, place: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise DataError(problem, place=place, value=text) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
