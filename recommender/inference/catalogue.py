"""What is shown of a movie: title, year and genres, packed as bytes and offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import pack_strings, unpack_string
from recommender.scale import IntArray

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Titles, years and genres in the order of the catalogue.

    Attributes:
        titles: UTF-8 bytes and offsets of the titles, without the year.
        genres: UTF-8 bytes and offsets of the genres, joined with ``|``.
        years: Shape (n_movies,).
        has_year: Shape (n_movies,), false where the year is not known.
    """

    titles: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
    genres: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]
    years: IntArray
    has_year: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, titles: Sequence[str], genres: Sequence[str], years: Sequence[int | None]) -> Self:
        """Return the catalogue of these movies, in their order."""
        known = np.array([year is not None for year in years], dtype=np.bool_)
        filled = np.array([year or 0 for year in years], dtype=np.int16)
        return cls(pack_strings(titles), pack_strings(genres), filled, known)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the catalogue that `to_arrays` wrote."""
        return cls(
            (arrays["catalogue.titles"], arrays["catalogue.title_offsets"]),
            (arrays["catalogue.genres"], arrays["catalogue.genre_offsets"]),
            arrays["catalogue.years"],
            arrays["catalogue.has_year"],
        )

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        return {
            "catalogue.titles": self.titles[0],
            "catalogue.title_offsets": self.titles[1],
            "catalogue.genres": self.genres[0],
            "catalogue.genre_offsets": self.genres[1],
            "catalogue.years": self.years,
            "catalogue.has_year": self.has_year,
        }

    def title(self, position: int) -> str:
        """Return the title of the movie at ``position``."""
        return unpack_string(*self.titles, position)

    def genre_names(self, position: int) -> tuple[str, ...]:
        """Return the genres of the movie at ``position``."""
        return tuple(filter(None, unpack_string(*self.genres, position).split("|")))

    def genre_sets(self) -> tuple[npt.NDArray[np.int32], tuple[tuple[str, ...], ...]]:
        """Return each movie's set of genres as a number, shape (n_movies,), and the sets."""
        text, offsets = self.genres[0].tobytes(), self.genres[1].tolist()
        joined = [text[start:end] for start, end in pairwise(offsets)]
        numbers = {names: number for number, names in enumerate(sorted(set(joined)))}
        codes = np.array([numbers[names] for names in joined], dtype=np.int32)
        sets = (tuple(filter(None, names.decode("utf-8").split("|"))) for names in numbers)
        return codes, tuple(sets)

    def genre_shares(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Return each movie's row, shape (n_movies,), of shares of genres, shape (sets, genres).

        A movie of two genres has half of each.
        """
        codes, sets = self.genre_sets()
        names = sorted({name for genres in sets for name in genres})
        places = {name: place for place, name in enumerate(names)}
        shares = np.zeros((len(sets), len(names)))
        for row, genres in enumerate(sets):
            for name in genres:
                shares[row, places[name]] += 1.0 / len(genres)
        return codes, shares

    def year(self, position: int) -> int | None:
        """Return the year of the movie at ``position``, if it is known."""
        return int(self.years[position]) if self.has_year[position] else None
