"""What is shown of a movie: title, year, genres and credits, packed as bytes and offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import pack_strings, unpack_string, unpack_strings
from recommender.scale import IntArray

Arrays = Mapping[str, npt.NDArray[Any]]
Packed = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]

#: What is kept of a movie's makers as text.
CREDIT_TEXTS = ("directors", "cast", "keywords", "language")


@dataclass(frozen=True, eq=False)
class Credits:
    """Who made a movie, and what it is about, in the order of the catalogue.

    Attributes:
        texts: UTF-8 bytes and offsets of directors, cast, keywords and language, by these names;
            several are joined with ``|``, and what is not known is empty.
        runtimes: Shape (n_movies,), minutes, 0 where they are not known.
    """

    texts: Mapping[str, Packed]
    runtimes: IntArray

    @classmethod
    def of(cls, texts: Mapping[str, Sequence[str]], runtimes: Sequence[int | None]) -> Self:
        """Return the credits of these movies, in their order."""
        packed = {name: pack_strings(texts[name]) for name in CREDIT_TEXTS}
        return cls(packed, np.array([minutes or 0 for minutes in runtimes], dtype=np.int32))

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self | None:
        """Return the credits that `to_arrays` wrote, or ``None`` where there were none."""
        if "credits.runtimes" not in arrays:
            return None
        texts = {
            name: (arrays[f"credits.{name}"], arrays[f"credits.{name}_offsets"])
            for name in CREDIT_TEXTS
        }
        return cls(texts, arrays["credits.runtimes"])

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        arrays: dict[str, npt.NDArray[Any]] = {"credits.runtimes": self.runtimes}
        for name, (text, offsets) in self.texts.items():
            arrays |= {f"credits.{name}": text, f"credits.{name}_offsets": offsets}
        return arrays

    def names(self, kind: str, position: int) -> tuple[str, ...]:
        """Return the directors, cast, keywords or language of the movie at ``position``."""
        return tuple(filter(None, unpack_string(*self.texts[kind], position).split("|")))

    def all_names(self, kind: str) -> list[tuple[str, ...]]:
        """Return what `names` returns of every movie, in the order of the catalogue."""
        return [tuple(filter(None, row.split("|"))) for row in unpack_strings(*self.texts[kind])]

    def runtime(self, position: int) -> int | None:
        """Return the length in minutes of the movie at ``position``, if it is known."""
        return int(self.runtimes[position]) or None


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Titles, years and genres in the order of the catalogue.

    Attributes:
        titles: UTF-8 bytes and offsets of the titles, without the year.
        genres: UTF-8 bytes and offsets of the genres, joined with ``|``.
        years: Shape (n_movies,).
        has_year: Shape (n_movies,), false where the year is not known.
        credits: Who made it, if the data says so.
    """

    titles: Packed
    genres: Packed
    years: IntArray
    has_year: npt.NDArray[np.bool_]
    credits: Credits | None = None

    @classmethod
    def of(
        cls,
        titles: Sequence[str],
        genres: Sequence[str],
        years: Sequence[int | None],
        film_credits: Credits | None = None,
    ) -> Self:
        """Return the catalogue of these movies, in their order."""
        known = np.array([year is not None for year in years], dtype=np.bool_)
        filled = np.array([year or 0 for year in years], dtype=np.int16)
        return cls(pack_strings(titles), pack_strings(genres), filled, known, film_credits)

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the catalogue that `to_arrays` wrote."""
        return cls(
            (arrays["catalogue.titles"], arrays["catalogue.title_offsets"]),
            (arrays["catalogue.genres"], arrays["catalogue.genre_offsets"]),
            arrays["catalogue.years"],
            arrays["catalogue.has_year"],
            Credits.from_arrays(arrays),
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
            **(self.credits.to_arrays() if self.credits else {}),
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
