"""Cleaning of what is known about movies: the catalogue itself, tags and credits."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recommender.data.columnar import RawTable
from recommender.errors import DataError
from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES, TAG_DTYPES, RemovedRows

_N_EXAMPLES = 3

_log = logging.getLogger(__name__)


def clean_movies(raw: RawTable, removed: list[RemovedRows]) -> pd.DataFrame:
    """Return the catalogue as `MOVIE_DTYPES`, sorted, without repeated rows.

    Args:
        raw: ``movie_id, title, year, genres``.
        removed: Receives what was removed.

    Raises:
        DataError: There are no movies, one has no id or title, or two rows of one movie differ.
    """
    if not raw.table.num_rows:
        raise DataError("holds no movies", place=raw.place)
    _refuse_missing_ids(raw)
    untitled = np.flatnonzero(pc.equal(raw.table.column("title"), "").to_numpy())
    if len(untitled):
        raise DataError("a movie without a title", place=raw.place_of(int(untitled[0]), "title"))
    return _one_row_a_movie(raw, MOVIE_DTYPES, removed)


def synthesize_movies(ratings: RawTable) -> pd.DataFrame:
    """Return a catalogue of the rated movies, named ``Movie <id>``, without year or genres."""
    ids = np.unique(ratings.table.column("movie_id").drop_null().to_numpy()).astype(np.int32)
    _log.warning(
        "%s: no movies are given; %d are named 'Movie <id>' and have no genres",
        ratings.place,
        len(ids),
    )
    titles = [f"Movie {movie_id}" for movie_id in ids.tolist()]
    frame = pd.DataFrame({"movie_id": ids, "title": titles, "year": pd.NA, "genres": ""})
    return frame.astype(MOVIE_DTYPES)


def clean_credits(
    raw: RawTable, known_movies: npt.NDArray[np.int32], removed: list[RemovedRows]
) -> pd.DataFrame:
    """Return credits as `CREDIT_DTYPES`, sorted, one row a movie of the catalogue.

    Args:
        raw: The columns of `CREDIT_DTYPES`.
        known_movies: Ids of the catalogue.
        removed: Receives what was removed.

    Raises:
        DataError: A row has no movie id, or two rows of one movie differ.
    """
    _refuse_missing_ids(raw)
    frame = _one_row_a_movie(raw, CREDIT_DTYPES, removed)
    known = np.isin(frame["movie_id"].to_numpy(), known_movies)
    unknown = frame.loc[~known, "movie_id"].tolist()
    _note(removed, raw, "unknown movie", len(unknown), [f"movie_id {i}" for i in unknown[:3]])
    return frame.loc[known].reset_index(drop=True)


def clean_tags(
    raw: RawTable, known_movies: npt.NDArray[np.int32], removed: list[RemovedRows]
) -> pd.DataFrame:
    """Return tags as `TAG_DTYPES`, in the order of the file, all complete and of known movies.

    Args:
        raw: The columns of `TAG_DTYPES`.
        known_movies: Ids of the catalogue.
        removed: Receives what was removed.
    """
    table = raw.table
    empty = pc.equal(pc.utf8_trim_whitespace(table.column("tag")), "")
    for name in ("user_id", "movie_id", "timestamp"):
        empty = pc.or_(empty, pc.is_null(table.column(name)))
    missing = empty.to_numpy()
    movie_ids = table.column("movie_id").fill_null(0).to_numpy()
    unknown = ~missing & ~np.isin(movie_ids, known_movies)
    for reason, mask in (("missing value", missing), ("unknown movie", unknown)):
        rows = np.flatnonzero(mask)[:_N_EXAMPLES].tolist()
        _note(removed, raw, reason, int(mask.sum()), raw.label(rows) if rows else [])
    kept = table.filter(pa.array(~(missing | unknown)))
    frame: pd.DataFrame = kept.to_pandas()
    return frame.astype(TAG_DTYPES)


def _refuse_missing_ids(raw: RawTable) -> None:
    if raw.table.column("movie_id").null_count:
        row = pc.index(pc.is_null(raw.table.column("movie_id")), True).as_py()
        raise DataError("a row without a movie id", place=raw.place_of(row, "movie_id"))


def _one_row_a_movie(
    raw: RawTable, dtypes: dict[str, str], removed: list[RemovedRows]
) -> pd.DataFrame:
    """Return the rows sorted by movie, without repetitions.

    Raises:
        DataError: Two rows of one movie differ.
    """
    frame: pd.DataFrame = raw.table.select(list(dtypes)).to_pandas()
    frame = frame.astype(dtypes)
    repeated = frame.duplicated(keep="first")
    rows = np.flatnonzero(repeated)[:_N_EXAMPLES].tolist()
    _note(removed, raw, "identical row", int(repeated.sum()), raw.label(rows) if rows else [])
    frame = frame.loc[~repeated]
    conflicting = frame.duplicated("movie_id", keep="first")
    if conflicting.any():
        row = int(np.flatnonzero(conflicting)[0])
        raise DataError(
            "a movie stands in two rows that differ",
            place=raw.place_of(int(frame.index.to_numpy()[row]), "movie_id"),
            value=int(frame["movie_id"].to_numpy()[row]),
            remedy="Keep the right one.",
        )
    return frame.sort_values("movie_id").reset_index(drop=True)


def _note(
    removed: list[RemovedRows], raw: RawTable, reason: str, count: int, examples: list[str]
) -> None:
    if count:
        places = [f"{raw.name}, {example}" for example in examples]
        removed.append(RemovedRows(raw.name, reason, count, places))
        _log.warning("%s: removed %d rows: %s; %s", raw.place, count, reason, examples[0])
