"""People and keywords: texts that several movies have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import pack_strings, unpack_string
from recommender.inference.catalogue import Credits, Packed
from recommender.inference.search.field import Floats, Ints, key_of
from recommender.inference.search.results import Role
from recommender.inference.search.text import plain_words
from recommender.inference.search.vocabulary import Arrays

#: What of the credits is a role, and its mark.
ROLE_MARKS: dict[str, tuple[Role, int]] = {"directors": ("director", 1), "cast": ("cast", 2)}


@dataclass(frozen=True, eq=False)
class Facets:
    """Names of people or of keywords, and the movies of each.

    Attributes:
        names: UTF-8 bytes and offsets of the names as the data has them, in the order of a field.
        starts: Shape (n_names + 1,), where the movies of each begin.
        movies: Shape (n_pairs,), positions of movies, the most popular of each name first.
        marks: Shape (n_pairs,), roles by `ROLE_MARKS`, added up; 0 for keywords.
        priors: Shape (n_names,), how popular each is, from 0 to 1.
    """

    names: Packed
    starts: Ints
    movies: Ints
    marks: npt.NDArray[np.uint8]
    priors: Floats

    @classmethod
    def of(
        cls, found: dict[str, dict[int, int]], popularity: npt.NDArray[np.float64]
    ) -> tuple[Self, list[tuple[str, ...]]]:
        """Return facets in the order of their keys, and the words of each.

        Args:
            found: Of each name the positions of its movies, and the marks of its roles there.
            popularity: Shape (n_movies,), at least 0.
        """
        rows = sorted((key_of(words := tuple(plain_words(name))), name, words) for name in found)
        names = [name for _, name, _ in rows]
        owners = np.repeat(np.arange(len(names)), [len(found[name]) for name in names])
        movies = _ints(movie for name in names for movie in found[name])
        marks = _ints(mark for name in names for mark in found[name].values())
        order = np.lexsort((movies, -popularity[movies], owners))
        made = cls(
            names=pack_strings(names),
            starts=np.searchsorted(owners, np.arange(len(names) + 1)).astype(np.int32),
            movies=movies[order].astype(np.int32),
            marks=marks[order].astype(np.uint8),
            priors=priors_of(np.bincount(owners, popularity[movies], len(names))),
        )
        return made, [words for _, _, words in rows]

    @classmethod
    def from_arrays(cls, arrays: Arrays, name: str) -> Self:
        """Return the facets that `to_arrays` wrote under ``name``."""
        names = arrays[f"search.{name}.names"], arrays[f"search.{name}.name_offsets"]
        return cls(names, *(arrays[f"search.{name}.{part}"] for part in _PARTS))

    def to_arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        return {
            f"search.{name}.names": self.names[0],
            f"search.{name}.name_offsets": self.names[1],
            f"search.{name}.movie_starts": self.starts,
            f"search.{name}.movies": self.movies,
            f"search.{name}.marks": self.marks,
            f"search.{name}.priors": self.priors,
        }

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self.priors)

    def name(self, place: int) -> str:
        """Return a name as the data has it."""
        return unpack_string(*self.names, place)

    def movies_of(self, place: int) -> Ints:
        """Return the positions of the movies of a name, the most popular first."""
        return self.movies[self.starts[place] : self.starts[place + 1]]

    def roles_of(self, place: int) -> tuple[Role, ...]:
        """Return the roles that a person has in any movie."""
        marks = int(np.bitwise_or.reduce(self.marks[self.starts[place] : self.starts[place + 1]]))
        return tuple(role for role, mark in ROLE_MARKS.values() if marks & mark)


def people_of(film_credits: Credits | None) -> dict[str, dict[int, int]]:
    """Return of each person the positions of their movies, and the marks of their roles."""
    found: dict[str, dict[int, int]] = {}
    for kind, (_, mark) in ROLE_MARKS.items():
        for movie, names in _rows(film_credits, kind):
            for name in names:
                marks = found.setdefault(name, {})
                marks[movie] = marks.get(movie, 0) | mark
    return found


def keywords_of(film_credits: Credits | None) -> dict[str, dict[int, int]]:
    """Return of each keyword the positions of its movies, without marks."""
    found: dict[str, dict[int, int]] = {}
    for movie, names in _rows(film_credits, "keywords"):
        for name in names:
            found.setdefault(name, {})[movie] = 0
    return found


def priors_of(popularity: npt.NDArray[Any]) -> Floats:
    """Return popularity on a logarithmic scale, from 0 to 1.

    >>> [round(prior, 2) for prior in priors_of(np.array([0.0, 10.0, 1000.0])).tolist()]
    [0.0, 0.35, 1.0]
    """
    logs = np.log1p(np.maximum(np.asarray(popularity, dtype=np.float64), 0.0))
    most = float(logs.max(initial=0.0))
    return (logs / most if most else logs).astype(np.float32)


def _ints(values: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.fromiter(values, dtype=np.int64)


def _rows(film_credits: Credits | None, kind: str) -> Iterable[tuple[int, tuple[str, ...]]]:
    return () if film_credits is None else enumerate(film_credits.all_names(kind))


_PARTS = ("movie_starts", "movies", "marks", "priors")
