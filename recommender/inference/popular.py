"""Popular movies by genre, for someone of whom nothing else is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.errors import UsageError
from recommender.inference.catalogue import Catalogue
from recommender.inference.estimates import Scores
from recommender.inference.rankings import best
from recommender.scale import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class GenrePopularity:
    """Recent attention, and which movies have which genre.

    Attributes:
        attention: Shape (n_movies,), time-decayed attention, at least 0; see
            `recommender.models.signals.trending`.
        members: Of each genre the positions of its movies, rising.
    """

    attention: FloatArray
    members: Mapping[str, IntArray]

    @classmethod
    def of(cls, attention: FloatArray, catalogue: Catalogue) -> Self:
        """Return the popularity by the genres of ``catalogue``."""
        found: dict[str, list[int]] = {}
        for movie in range(len(attention)):
            for genre in catalogue.genre_names(movie):
                found.setdefault(genre, []).append(movie)
        return cls(attention, {name: np.array(found[name]) for name in sorted(found)})

    @property
    def genres(self) -> tuple[str, ...]:
        """The known genres, in alphabetical order."""
        return tuple(self.members)

    def scores(self, genres: Sequence[str]) -> Scores:
        """Return attention times the share of ``genres`` that a movie has, shape (n_movies,).

        Raises:
            UsageError: There are no genres, or one is not known.
        """
        if not genres:
            raise UsageError("at least one genre must be chosen", place="popular by genre")
        matched = np.zeros(len(self.attention))
        for genre in sorted(set(genres)):
            matched[self._members_of(genre)] += 1.0
        return np.asarray(self.attention * matched / len(set(genres)), dtype=np.float64)

    def best(self, genres: Sequence[str], k: int, excluded: IntArray) -> IntArray:
        """Return the positions of the ``k`` best movies, best first, ties by position.

        Movies without any of the genres or without any attention do not return, so that there may
        be fewer.

        Args:
            genres: At least one.
            k: Most positions to return, at least 1.
            excluded: Positions that must not return.

        Raises:
            UsageError: There are no genres, one is not known, or ``k`` is below 1.
        """
        if k < 1:
            raise UsageError(
                "the length of a list must be at least 1", place="popular by genre", value=k
            )
        scores = self.scores(genres)
        chosen = best(scores, k, excluded)
        return chosen[scores[chosen] > 0.0]

    def _members_of(self, genre: str) -> IntArray:
        if genre not in self.members:
            raise UsageError(
                "there is no such genre",
                place="popular by genre",
                value=genre,
                remedy=f"Genres: {', '.join(self.genres)}.",
            )
        return self.members[genre]
