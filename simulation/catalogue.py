"""The catalogue: real films as facts, read from two CSV files and checked line by line."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from recommender.errors import UsageError

HERE = Path(__file__).parent
#: The files that make up the catalogue.
CATALOGUE_FILES = (HERE / "catalogue_before_1990.csv", HERE / "catalogue_from_1990.csv")
COLUMNS = ("title", "year", "genres", "directors", "cast", "keywords", "language", "runtime")
#: Genres as MovieLens names them.
GENRES = frozenset(
    {
        "Action",
        "Adventure",
        "Animation",
        "Children",
        "Comedy",
        "Crime",
        "Documentary",
        "Drama",
        "Fantasy",
        "Film-Noir",
        "Horror",
        "Musical",
        "Mystery",
        "Romance",
        "Sci-Fi",
        "Thriller",
        "War",
        "Western",
    }
)
YEARS = range(1888, 2025)
RUNTIMES = range(1, 1000)
_LISTS = ("genres", "directors", "cast", "keywords")
_ID_SPACE = 1_000_000


def read_catalogue(files: Sequence[Path] = CATALOGUE_FILES) -> pd.DataFrame:
    """Read and check the catalogue.

    ``movie_id`` is taken from the SHA-256 of the title and year, below one million, so that it
    depends neither on the order of the rows nor on which other films there are. Where two films
    meet on one number, the later by (year, title) takes the next free one; hence a new film can
    only move another in that case, about one in a thousand.

    Args:
        files: CSV files in UTF-8 with the header of `COLUMNS`; several values in one field are
            joined with ``|``.

    Returns:
        Frame sorted by ``movie_id``: ``movie_id`` (int32), ``title``, ``genres``, ``directors``,
        ``cast``, ``keywords``, ``language`` (str), ``year`` and ``runtime`` (int16; minutes).

    Raises:
        UsageError: A file cannot be read or a line is not a film; names the file and line.
    """
    first_seen: dict[tuple[str, int], str] = {}
    rows = []
    for file in files:
        for place, row in _read_rows(file):
            _check_row(place, row)
            film = (row["title"], int(row["year"]))
            if film in first_seen:
                raise _refusal(place, f"the film already stands at {first_seen[film]}", film)
            first_seen[film] = place
            rows.append(row)
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"year": "int16", "runtime": "int16"})
    frame = frame.sort_values(["year", "title"], ignore_index=True)
    ids = _movie_ids(list(zip(frame["title"], frame["year"], strict=True)))
    frame.insert(0, "movie_id", pd.Series(ids, dtype="int32"))
    return frame.sort_values("movie_id", ignore_index=True)


def _movie_ids(films: Sequence[tuple[str, int]]) -> list[int]:
    taken: dict[int, None] = {}
    for title, year in films:
        digest = hashlib.sha256(f"{title} ({year})".encode()).digest()
        movie_id = int.from_bytes(digest[:8], "big") % _ID_SPACE
        while movie_id == 0 or movie_id in taken:
            movie_id = (movie_id + 1) % _ID_SPACE
        taken[movie_id] = None
    return list(taken)


def _read_rows(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            "the catalogue cannot be read", place=str(file), value=error.strerror
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _refusal(f"{file}:{line}", "the line is not UTF-8", None) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = tuple(next(reader, ()))
        if header != COLUMNS:
            raise _refusal(f"{file}:1", f"the header is not {','.join(COLUMNS)}", ",".join(header))
        for cells in reader:
            place = f"{file}:{reader.line_num}"
            if len(cells) != len(COLUMNS):
                raise _refusal(place, f"a film has {len(COLUMNS)} fields", len(cells))
            yield place, dict(zip(COLUMNS, cells, strict=True))
    except csv.Error as error:
        raise _refusal(f"{file}:{reader.line_num}", f"malformed CSV: {error}", None) from error


def _check_row(place: str, row: dict[str, str]) -> None:
    for column, value in row.items():
        if not value or value != value.strip():
            raise _refusal(place, f"{column} is empty or has spaces around it", value)
    for column in _LISTS:
        values = row[column].split("|")
        if len(set(values)) < len(values) or any(not v or v != v.strip() for v in values):
            raise _refusal(place, f"{column} has an empty or repeated value", row[column])
    for column, allowed in (("year", YEARS), ("runtime", RUNTIMES)):
        if not (row[column].isascii() and row[column].isdigit() and int(row[column]) in allowed):
            bounds = f"{allowed.start} to {allowed.stop - 1}"
            raise _refusal(place, f"{column} is not a whole number from {bounds}", row[column])
    if unknown := sorted(set(row["genres"].split("|")) - GENRES):
        raise _refusal(place, "not a genre of MovieLens", unknown[0])
    language = row["language"]
    if not (len(language) == len("en") and language.isascii() and language.islower()):
        raise _refusal(place, "language is not a two-letter ISO 639-1 code", language)


def _refusal(place: str, problem: str, value: object) -> UsageError:
    return UsageError(problem, place=place, value=value, remedy="Correct the line.")
