"""Popular films for a server that has no model at all: the most rated ones of the data folder.

It reads MovieLens's CSV files with the standard library, once, when first asked: a web process
has no data frames. Where the files are absent there is nothing to show.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_YEAR = re.compile(r"(?P<title>.*\S)\s*\((?P<year>(?:18|19|20)\d\d)[^()]*\)\s*", re.DOTALL)
_NO_GENRES = "(no genres listed)"
#: Films kept, so that a large catalogue costs little memory.
_MOST = 1000


@dataclass(frozen=True)
class Film:
    """A film of the catalogue.

    Attributes:
        movie_id: Its id.
        title: Without the year.
        year: Of its release, if it is known.
        genres: Of which there may be none.
        ratings: How many ratings it has.
    """

    movie_id: int
    title: str
    year: int | None
    genres: tuple[str, ...]
    ratings: int


class CatalogueOnly:
    """The films of a folder, the most rated first.

    Args:
        data: Folder with ``movies.csv`` and, for the order, ``ratings.csv``.
    """

    def __init__(self, data: Path) -> None:
        self._data = data

    @cached_property
    def films(self) -> tuple[Film, ...]:
        """The most rated films, ties by id; empty where no catalogue can be read."""
        try:
            counts = Counter(_column(self._data / "ratings.csv", "movieId"))
            films = list(_read_films(self._data / "movies.csv", counts))
        except (OSError, KeyError, ValueError, csv.Error):
            return ()
        return tuple(sorted(films, key=lambda film: (-film.ratings, film.movie_id))[:_MOST])

    def popular(
        self,
        k: int,
        *,
        excluded: Collection[int] = (),
        genres: Collection[str] = (),
        year_from: int | None = None,
        year_to: int | None = None,
    ) -> list[Film]:
        """Return at most ``k`` films, the most rated first.

        Args:
            k: How many.
            excluded: Ids of films that must not return.
            genres: A film has one of these; any where there are none.
            year_from: A film is of this year or later; one of unknown year is left out.
            year_to: A film is of this year or earlier.
        """
        found = (
            film
            for film in self.films
            if film.movie_id not in excluded
            and (not genres or set(genres) & set(film.genres))
            and _is_of(film.year, year_from, year_to)
        )
        return [film for film, _ in zip(found, range(k), strict=False)]


def _is_of(year: int | None, year_from: int | None, year_to: int | None) -> bool:
    if year is None:
        return year_from is None and year_to is None
    return (year_from is None or year_from <= year) and (year_to is None or year <= year_to)


def _read_films(file: Path, counts: Counter[str]) -> Iterator[Film]:
    for row in _rows(file):
        found = _YEAR.fullmatch(row["title"])
        genres = row["genres"].strip()
        yield Film(
            movie_id=int(row["movieId"]),
            title=found["title"].strip() if found else row["title"].strip(),
            year=int(found["year"]) if found else None,
            genres=() if genres in ("", _NO_GENRES) else tuple(genres.split("|")),
            ratings=counts[row["movieId"]],
        )


def _column(file: Path, name: str) -> Iterator[str]:
    if file.is_file():
        yield from (row[name] for row in _rows(file))


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)
