"""Who rated what: the histories that lists are made from, and the movies held back from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.inference.identifiers import UNKNOWN
from recommender.scale import FloatArray, IntArray, RatingScale

#: Share of the rating scale from which on a rating speaks for a movie, and the slope above it.
#: On MovieLens's scale a rating of 2 stars or less has the grade 0, 4 stars has 1.
_INDIFFERENT = 1.0 / 3.0
_SLOPE = 2.25
#: The grade of a like without stars, which is that of 4 stars on MovieLens's scale.
LIKE_GRADE = 1.0
#: Digits of a rating beyond which there is rounding.
_DIGITS = 9


def grade(ratings: FloatArray, scale: RatingScale) -> npt.NDArray[np.float64]:
    """Return how much each rating speaks for its movie, at least 0, shape as ``ratings``.

    >>> grade(np.array([0.5, 2.0, 3.0, 4.0, 5.0]), RatingScale()).round(2).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.5]
    """
    share = (np.asarray(ratings, dtype=np.float64) - scale.minimum) / (
        scale.maximum - scale.minimum
    )
    return _SLOPE * np.maximum(share - _INDIFFERENT, 0.0)


def like_stars(scale: RatingScale) -> float:
    """Return the rating for which a like without stars counts: the one graded `LIKE_GRADE`.

    >>> like_stars(RatingScale())
    4.0
    """
    share = _INDIFFERENT + LIKE_GRADE / _SLOPE
    return round(scale.minimum + share * (scale.maximum - scale.minimum), _DIGITS)


def read_stars(
    ratings: Sequence[float | None] | FloatArray, scale: RatingScale
) -> npt.NDArray[np.float64]:
    """Return ratings and likes as stars, shape (n,).

    Args:
        ratings: Stars, or ``None`` for a like without stars.
        scale: The rating scale.

    Raises:
        UsageError: A rating is not a number of the scale.

    >>> read_stars([2.5, None], RatingScale()).tolist()
    [2.5, 4.0]
    """
    liked = like_stars(scale)
    stars = np.array([liked if rating is None else rating for rating in ratings], dtype=np.float64)
    outside = ~((stars >= scale.minimum) & (stars <= scale.maximum))
    if outside.any():
        raise UsageError(
            f"a rating must be from {scale.minimum} to {scale.maximum} stars",
            place="ratings of a history",
            value=float(stars[outside][0]),
            remedy="Give stars of the data set's scale, or None for a like without stars.",
        )
    return stars


@dataclass(frozen=True, eq=False)
class History:
    """The ratings of one viewer.

    Attributes:
        movies: Shape (n,), positions in the catalogue, oldest first, no repeats.
        stars: Shape (n,).
        unknown_movies: Ratings left out because their movie is not in the catalogue.
    """

    movies: IntArray
    stars: FloatArray
    unknown_movies: int = 0

    @classmethod
    def of(cls, movies: IntArray, stars: FloatArray) -> Self:
        """Return the history of these ratings; the last one of a movie counts.

        Args:
            movies: Shape (n,), positions or `UNKNOWN`, oldest first, with or without repeats.
            stars: Shape (n,).
        """
        _, from_end = np.unique(movies[::-1], return_index=True)
        latest = np.sort(movies.size - 1 - from_end)
        kept = latest[movies[latest] != UNKNOWN]
        return cls(movies[kept], stars[kept], int((movies == UNKNOWN).sum()))

    def followed_by(self, later: History) -> History:
        """Return both histories as one, in which a later rating of a movie replaces this one's."""
        joined = History.of(
            np.concatenate([self.movies, later.movies]), np.concatenate([self.stars, later.stars])
        )
        return replace(joined, unknown_movies=self.unknown_movies + later.unknown_movies)

    def without(self, place: int) -> History:
        """Return the history without the rating at ``place``."""
        return replace(
            self, movies=np.delete(self.movies, place), stars=np.delete(self.stars, place)
        )


@dataclass(frozen=True, eq=False)
class Viewer:
    """Someone to rank for.

    Attributes:
        position: Position among the trained users, or `UNKNOWN` for a history that was not
            trained on.
        movies: Shape (n,), positions in the catalogue of the movies rated, oldest first.
        grades: Shape (n,), the grades of those ratings.
    """

    position: int
    movies: IntArray
    grades: FloatArray


@dataclass(frozen=True, eq=False)
class Visitor:
    """Someone who asks: a trained user, a new one, or one with ratings made a moment ago.

    Attributes:
        user_id: Their id, or ``None`` for a history that belongs to no user.
        position: Position among the trained users, or `UNKNOWN`.
        stored: The ratings with which that user was trained, empty for someone new.
        history: All their ratings.
        is_folded: Whether there are ratings that were not trained on.
    """

    user_id: int | None
    position: int
    stored: History
    history: History
    is_folded: bool

    def without(self, place: int) -> Visitor:
        """Return them without the rating at ``place`` of the history."""
        return replace(self, history=self.history.without(place), is_folded=True)

    def viewer(self, scale: RatingScale) -> Viewer:
        """Return them as someone to rank for."""
        position = UNKNOWN if self.is_folded else self.position
        return Viewer(position, self.history.movies, grade(self.history.stars, scale))


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

    def history(self, position: int) -> History:
        """Return what the user at ``position`` rated; `UNKNOWN` has an empty history."""
        return History(*self.of_user(position))

    def viewer(self, position: int, scale: RatingScale) -> Viewer:
        """Return the user at ``position`` as someone to rank for."""
        movies, ratings = self.of_user(position)
        return Viewer(position, movies, grade(ratings, scale))

    @property
    def counts(self) -> IntArray:
        """Ratings of each user, shape (n_users,)."""
        return np.diff(self.starts)
