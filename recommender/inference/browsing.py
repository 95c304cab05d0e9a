"""Which movies are asked for, and in which order the catalogue is shown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from recommender.inference.catalogue import Catalogue
from recommender.inference.estimates import BoolArray
from recommender.scale import FloatArray, IntArray

SortKey = Literal["popularity", "title", "year"]
SORT_KEYS: tuple[SortKey, ...] = ("popularity", "title", "year")
#: Stands between titles, and cannot be asked for.
_BETWEEN = "\n"


@dataclass(frozen=True)
class Wanted:
    """What a movie must be to be shown.

    Attributes:
        genres: It has one of these, in any case of letters; any movie where there are none.
        year_from: It is of this year or a later one.
        year_to: It is of this year or an earlier one. Movies of unknown year are of neither.
        excluded: Ids of movies that are not shown.
        person: Somebody who directed it or plays in it, in any case of letters.
    """

    genres: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    excluded: tuple[int, ...] = ()
    person: str | None = None

    @property
    def is_any(self) -> bool:
        """Whether genre, year and person do not matter."""
        return not self.genres and {self.year_from, self.year_to, self.person} == {None}


class Browser:
    """The catalogue as lists: filtered, searched by title, sorted.

    What it needs is made when first asked for, and kept.

    Args:
        catalogue: What is shown of a movie.
        counts: Shape (n_movies,), ratings of each movie or a multiple of them.
    """

    def __init__(self, catalogue: Catalogue, counts: FloatArray) -> None:
        self._catalogue = catalogue
        self._counts = counts

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """The genres of the catalogue, in alphabetical order."""
        _, sets = self._genre_sets
        return tuple(sorted({name for names in sets for name in names}))

    def unwanted(self, wanted: Wanted) -> BoolArray:
        """Return which movies have a wrong genre, year or person, shape (n_movies,)."""
        unwanted = np.zeros(len(self._catalogue.years), dtype=np.bool_)
        if wanted.genres:
            unwanted |= ~self._of_genres(wanted.genres)
        if wanted.person is not None:
            unwanted |= ~self.of_person(wanted.person)
        if wanted.year_from is not None or wanted.year_to is not None:
            unwanted |= ~self._catalogue.has_year
        if wanted.year_from is not None:
            unwanted |= self._years < wanted.year_from
        if wanted.year_to is not None:
            unwanted |= self._years > wanted.year_to
        return unwanted

    def titled(self, query: str) -> BoolArray:
        """Return which titles contain ``query``, in any case of letters, shape (n_movies,)."""
        text, starts = self._text
        found = np.zeros(len(starts), dtype=np.bool_)
        needle = query.casefold()
        if not needle or _BETWEEN in needle:
            return found
        place = text.find(needle)
        while place >= 0:
            movie = bisect_right(starts, place) - 1
            found[movie] = True
            if movie + 1 == len(starts):
                break
            place = text.find(needle, starts[movie + 1])
        return found

    def of_person(self, name: str) -> BoolArray:
        """Return which movies a person directed or plays in, shape (n_movies,)."""
        found = np.zeros(len(self._catalogue.years), dtype=np.bool_)
        found[self._of_people.get(name.casefold(), [])] = True
        return found

    def order(self, sort: SortKey) -> IntArray:
        """Return positions in an order, shape (n_movies,); ties by position.

        By popularity the most rated movie is first, by year the newest, and one of unknown year is
        last.
        """
        if sort == "title":
            return self._by_title
        return self._by_popularity if sort == "popularity" else self._by_year

    @cached_property
    def year_span(self) -> tuple[int, int] | None:
        """The years of the oldest and of the newest movie, ``None`` where none is known."""
        years = self._years[self._catalogue.has_year]
        return (int(years.min()), int(years.max())) if years.size else None

    @cached_property
    def _of_people(self) -> dict[str, list[int]]:
        """Positions of the movies of everyone who directed or plays, by name without case."""
        found: dict[str, list[int]] = {}
        credits_ = self._catalogue.credits
        if credits_ is None:
            return found
        for movie in range(len(self._catalogue.years)):
            for kind in ("directors", "cast"):
                for name in credits_.names(kind, movie):
                    found.setdefault(name.casefold(), []).append(movie)
        return found

    @cached_property
    def _by_popularity(self) -> IntArray:
        return np.argsort(-np.asarray(self._counts), kind="stable")

    @cached_property
    def _by_year(self) -> IntArray:
        return np.lexsort((-self._years, ~self._catalogue.has_year))

    @cached_property
    def _by_title(self) -> IntArray:
        titles = self._text[0].split(_BETWEEN)[:-1]
        return np.array(sorted(range(len(titles)), key=titles.__getitem__), dtype=np.int64)

    @cached_property
    def _years(self) -> npt.NDArray[np.int64]:
        return self._catalogue.years.astype(np.int64)

    @cached_property
    def _genre_sets(self) -> tuple[npt.NDArray[np.int32], tuple[tuple[str, ...], ...]]:
        return self._catalogue.genre_sets()

    def _of_genres(self, genres: Sequence[str]) -> BoolArray:
        codes, sets = self._genre_sets
        asked = {genre.casefold() for genre in genres}
        matching = [any(name.casefold() in asked for name in names) for names in sets]
        return np.array(matching, dtype=np.bool_)[codes]

    @cached_property
    def _text(self) -> tuple[str, list[int]]:
        """All titles, each followed by a line break, and where each begins."""
        parts, starts, length = [], [], 0
        for movie in range(len(self._catalogue.years)):
            title = self._catalogue.title(movie).casefold().replace(_BETWEEN, " ") + _BETWEEN
            starts.append(length)
            parts.append(title)
            length += len(title)
        return "".join(parts), starts
