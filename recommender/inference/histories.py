"""Who rated what: the histories that lists are made from, and the movies held back from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.inference.identifiers import UNKNOWN
from recommender.schema import FloatArray, IntArray, RatingScale

#: Share of the rating scale from which on a rating speaks for a movie, and the slope above it.
#: On MovieLens's scale a rating of 2 stars or less has the grade 0, 4 stars has 1.
_INDIFFERENT = 1.0 / 3.0
_SLOPE = 2.25


def grade(ratings: FloatArray, scale: RatingScale) -> npt.NDArray[np.float64]:
    """Return how much each rating speaks for its movie, at least 0, shape as ``ratings``.

    >>> grade(np.array([0.5, 2.0, 3.0, 4.0, 5.0]), RatingScale()).round(2).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.5]
    """
    share = (np.asarray(ratings, dtype=np.float64) - scale.minimum) / (
        scale.maximum - scale.minimum
    )
    return _SLOPE * np.maximum(share - _INDIFFERENT, 0.0)


@dataclass(frozen=True, eq=False)
class Viewer:
    """Someone to rank for.

    Attributes:
        position: Position among the trained users, or `UNKNOWN`.
        movies: Shape (n,), positions in the catalogue of the movies rated, oldest first.
        grades: Shape (n,), the grades of those ratings.
    """

    position: int
    movies: IntArray
    grades: FloatArray


NOBODY = Viewer(UNKNOWN, np.zeros(0, dtype=np.int32), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Histories:
    """What each user rated, one user after the other.

    Attributes:
        starts: Shape (n_users + 1,), where each user's entries begin.
        movies: Shape (n,), positions in the catalogue; oldest first within a user.
        ratings: Shape (n,), stars.
    """

    starts: IntArray
    movies: IntArray
    ratings: FloatArray

    @classmethod
    def of(
        cls,
        users: IntArray,
        movies: IntArray,
        ratings: FloatArray,
        timestamps: IntArray,
        n_users: int,
    ) -> Self:
        """Return the histories of ``n_users`` users from ratings in any order.

        Args:
            users: Shape (n,), positions of users.
            movies: Shape (n,), positions of movies.
            ratings: Shape (n,), stars.
            timestamps: Shape (n,), seconds; equal ones are ordered by movie.
            n_users: Number of users, with or without ratings.
        """
        order = np.lexsort((movies, timestamps, users))
        starts = np.zeros(n_users + 1, dtype=np.int64)
        np.cumsum(np.bincount(users, minlength=n_users), out=starts[1:])
        return cls(
            starts, movies[order].astype(np.int32), np.asarray(ratings)[order].astype(np.float32)
        )

    def of_user(self, position: int) -> tuple[IntArray, FloatArray]:
        """Return the movies and ratings of the user at ``position``; `UNKNOWN` has none."""
        if position == UNKNOWN:
            return self.movies[:0], self.ratings[:0]
        rows = slice(int(self.starts[position]), int(self.starts[position + 1]))
        return self.movies[rows], self.ratings[rows]

    def viewer(self, position: int, scale: RatingScale) -> Viewer:
        """Return the user at ``position`` as someone to rank for."""
        movies, ratings = self.of_user(position)
        return Viewer(position, movies, grade(ratings, scale))

    @property
    def counts(self) -> IntArray:
        """Ratings of each user, shape (n_users,)."""
        return np.diff(self.starts)
