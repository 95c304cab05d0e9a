"""Ratings from one CSV or Parquet file whose columns may have any names.

A column map gives the names: ours (``user_id``, ``movie_id``, ``rating``, ``timestamp``; for a
table of movies ``title``, ``year``, ``genres``) to those of the file. A column that is not mapped
goes by our name or by MovieLens's (``userId``, ``movieId``).

Movies may stand in a second file. Where there is none, each rated movie is called
``Movie <id>`` and has no year and no genres, so content-based scores know nothing; the log says
so. Ids must be whole numbers of 32 bits, timestamps seconds since 1970 (in Parquet also Arrow
timestamps), ratings from 0.5 to 5 stars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recommender.data.columnar import RawTable, header_names, read_columns, refuse_long_text
from recommender.data.files import Progress, local_file
from recommender.data.raw import RATING_TYPES, RawDataset
from recommender.data.titles import split_titles, uniform_genres
from recommender.errors import DataError, UsageError
from recommender.scale import RatingScale
from recommender.settings import unknown_key

#: Endings of the files that are read as tables.
TABLE_SUFFIXES = (".csv", ".parquet")

_MOVIE_TYPES = {
    "movie_id": pa.int32(),
    "title": pa.string(),
    "year": pa.int16(),
    "genres": pa.string(),
}
_OPTIONAL = ("year", "genres")
_ALIASES = {"user_id": "userId", "movie_id": "movieId"}


def read_table(
    path: Path,
    column_map: Mapping[str, str],
    *,
    movies_path: Path | None = None,
    progress: Progress | None = None,
) -> RawDataset:
    """Read ratings, and movies where there are some.

    Args:
        path: CSV with a header, or Parquet, by the ending of its name.
        column_map: Our column names to those of the files.
        movies_path: Table of movies: ``movie_id, title`` and, where it has them, ``year`` and
            ``genres``. Without a ``year`` the title may end with one, as in MovieLens.
        progress: Told the bytes read so far; CSV only.

    Raises:
        UsageError: ``column_map`` has a key that is no column of ours.
        DataError: A file is unreadable, a column is missing, or a value is not of its type.
    """
    for key in column_map:
        if key not in {**RATING_TYPES, **_MOVIE_TYPES}:
            known = [*RATING_TYPES, *_MOVIE_TYPES]
            raise unknown_key(key, known, place="column_map")
    ratings = _read(path, RATING_TYPES, column_map, progress)
    movies = _complete(_read(movies_path, _MOVIE_TYPES, column_map)) if movies_path else None
    return RawDataset(ratings=ratings, movies=movies, scale=RatingScale())


def _read(
    path: Path,
    types: Mapping[str, pa.DataType],
    column_map: Mapping[str, str],
    progress: Progress | None = None,
) -> RawTable:
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise UsageError(
            "not a table that can be read",
            place=str(path),
            remedy=f"Give a file that ends with one of {', '.join(TABLE_SUFFIXES)}.",
        )
    file = local_file(path)
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path, types, column_map)
    columns = _their_names(header_names(file), types, column_map)
    return read_columns(
        file, {ours: (theirs, types[ours]) for ours, theirs in columns.items()}, progress=progress
    )


def _their_names(
    present: Sequence[str], types: Mapping[str, pa.DataType], column_map: Mapping[str, str]
) -> dict[str, str]:
    """Map our columns to those of the file; optional ones only where they are there."""
    names = {}
    for ours in types:
        alias = _ALIASES.get(ours, ours)
        theirs = column_map.get(ours, alias if ours not in present and alias in present else ours)
        if theirs in present or ours in column_map or ours not in _OPTIONAL:
            names[ours] = theirs
    return names


def _read_parquet(
    path: Path, types: Mapping[str, pa.DataType], column_map: Mapping[str, str]
) -> RawTable:
    try:
        present = pq.read_schema(path).names
        names = _their_names(present, types, column_map)
        for theirs in names.values():
            if theirs not in present:
                raise DataError(
                    f"the column {theirs!r} is missing",
                    place=str(path),
                    value=", ".join(present)[:200],
                )
        table = pq.read_table(path, columns=list(names.values()))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"is not readable Parquet: {error}", place=str(path)) from error
    columns = {
        ours: _cast(table.column(theirs), types[ours], f"{path}, column {theirs}")
        for ours, theirs in names.items()
    }
    raw = RawTable(pa.table(columns), path.name, str(path), names, _row_labels)
    refuse_long_text(raw)
    return raw


def _row_labels(rows: Sequence[int]) -> list[str]:
    return [f"row {row + 1}" for row in rows]


def _cast(column: pa.ChunkedArray, kind: pa.DataType, place: str) -> pa.ChunkedArray:
    """Return ``column`` as ``kind``, floats and Arrow timestamps included where exact."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    if pa.types.is_timestamp(column.type) and kind == pa.int64():
        column = column.cast(pa.timestamp("s", tz=column.type.tz), safe=False)
    try:
        column = column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        row = _first_refused(column, kind)
        wanted = "text" if kind == pa.string() else "a number" if kind == pa.float32() else None
        raise DataError(
            f"not {wanted or f'a whole number ({kind})'}",
            place=f"{place}, row {row + 1}",
            value=column[row].as_py(),
        ) from error
    return column.fill_null("") if kind == pa.string() else column


def _first_refused(column: pa.ChunkedArray, kind: pa.DataType) -> int:
    """Return the first row that cannot be cast, by bisection."""
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            column.slice(low, middle - low).cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            high = middle
        else:
            low = middle
    return low


def _complete(raw: RawTable) -> RawTable:
    """Add the columns which a table of movies may leave out."""
    table = raw.table
    titles, years = table.column("title"), pa.nulls(len(table), pa.int16())
    if "year" in table.column_names:
        years = table.column("year")
    else:
        titles, years = split_titles(titles)
    genres = pa.array([""] * len(table), pa.string())
    if "genres" in table.column_names:
        genres = uniform_genres(table.column("genres"))
    columns = {
        "movie_id": table.column("movie_id"),
        "title": titles,
        "year": years,
        "genres": genres,
    }
    return RawTable(pa.table(columns), raw.name, raw.place, raw.columns, raw.label)
