"""Which movies are asked for, and in which order the catalogue is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from recommender.bundle import unpack_strings
from recommender.inference.catalogue import Catalogue
from recommender.inference.estimates import BoolArray
from recommender.inference.search.index import SearchIndex
from recommender.scale import FloatArray, IntArray

SortKey = Literal["popularity", "title", "year"]
SORT_KEYS: tuple[SortKey, ...] = ("popularity", "title", "year")


@dataclass(frozen=True)
class Wanted:
    """What a movie must be to be shown.

    Attributes:
        genres: It has one of these, in any case of letters; any movie where there are none.
        year_from: It is of this year or a later one.
        year_to: It is of this year or an earlier one. Movies of unknown year are of neither.
        excluded: Ids of movies that are not shown.
        person: It was directed or played by someone of this name, in any case and without accents;
            any movie where it is not given.
        keyword: It has this keyword, likewise.
    """

    genres: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    excluded: tuple[int, ...] = ()
    person: str | None = None
    keyword: str | None = None

    @property
    def is_any(self) -> bool:
        """Whether all movies but the excluded ones may be shown."""
        return self == Wanted(excluded=self.excluded)


class Browser:
    """The catalogue as lists: filtered and sorted.

    What it needs is made when first asked for, and kept.

    Args:
        catalogue: What is shown of a movie.
        counts: Shape (n_movies,), ratings of each movie or a multiple of them.
        index: Who made which movie, and which keywords it has.
    """

    def __init__(self, catalogue: Catalogue, counts: FloatArray, index: SearchIndex) -> None:
        self._catalogue = catalogue
        self._counts = counts
        self._index = index

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """The genres of the catalogue, in alphabetical order."""
        _, sets = self._genre_sets
        return tuple(sorted({name for names in sets for name in names}))

    def unwanted(self, wanted: Wanted) -> BoolArray:
        """Return which movies are of another kind than is wanted, shape (n_movies,)."""
        unwanted = np.zeros(len(self._catalogue.years), dtype=np.bool_)
        if wanted.genres:
            unwanted |= ~self._of_genres(wanted.genres)
        if wanted.year_from is not None or wanted.year_to is not None:
            unwanted |= ~self._catalogue.has_year
        if wanted.year_from is not None:
            unwanted |= self._years < wanted.year_from
        if wanted.year_to is not None:
            unwanted |= self._years > wanted.year_to
        if wanted.person is not None:
            unwanted |= self._all_but(self._index.movies_with_person(wanted.person))
        if wanted.keyword is not None:
            unwanted |= self._all_but(self._index.movies_with_keyword(wanted.keyword))
        return unwanted

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
    def _by_popularity(self) -> IntArray:
        return np.argsort(-np.asarray(self._counts), kind="stable")

    @cached_property
    def _by_year(self) -> IntArray:
        return np.lexsort((-self._years, ~self._catalogue.has_year))

    @cached_property
    def _by_title(self) -> IntArray:
        titles = [title.casefold() for title in unpack_strings(*self._catalogue.titles)]
        return np.array(sorted(range(len(titles)), key=titles.__getitem__), dtype=np.int64)

    @cached_property
    def _years(self) -> npt.NDArray[np.int64]:
        return self._catalogue.years.astype(np.int64)

    @cached_property
    def _genre_sets(self) -> tuple[npt.NDArray[np.int32], tuple[tuple[str, ...], ...]]:
        return self._catalogue.genre_sets()

    def _all_but(self, movies: IntArray) -> BoolArray:
        others = np.ones(len(self._catalogue.years), dtype=np.bool_)
        others[movies] = False
        return others

    def _of_genres(self, genres: Sequence[str]) -> BoolArray:
        codes, sets = self._genre_sets
        asked = {genre.casefold() for genre in genres}
        matching = [any(name.casefold() in asked for name in names) for names in sets]
        return np.array(matching, dtype=np.bool_)[codes]
