"""Ratings user by user, the form in which gradient descent goes through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from recommender.inference.identifiers import IdIndex

if TYPE_CHECKING:  # columns alone need no frames
    from recommender.models.indexed import IndexedRatings


@dataclass(frozen=True, eq=False)
class RatingsByUser:
    """Ratings in columns, sorted by user.

    Attributes:
        starts: Shape (n_users + 1,), int64, where each user's ratings begin.
        movies: Shape (n,), uint32, positions.
        stars: Shape (n,), float32 or float64.
        n_movies: Size of the catalogue.
    """

    starts: npt.NDArray[np.int64]
    movies: npt.NDArray[np.uint32]
    stars: npt.NDArray[Any]
    n_movies: int

    @classmethod
    def of(cls, data: IndexedRatings) -> Self:
        """Return ``data`` sorted by user, each user's ratings oldest first."""
        order = data.by_user
        movies = data.movies[order].astype(np.uint32)
        return cls(data.user_starts, movies, data.stars[order], data.n_movies)

    @classmethod
    def of_ids(
        cls, user_ids: npt.NDArray[Any], movie_ids: npt.NDArray[Any], stars: npt.NDArray[Any]
    ) -> tuple[Self, IdIndex, IdIndex]:
        """Return columns of ids sorted by user, and the users and movies behind the positions.

        Args:
            user_ids: Shape (n,), in any order.
            movie_ids: Shape (n,).
            stars: Shape (n,).
        """
        users, of_users = IdIndex.encode(user_ids)
        movies, of_movies = IdIndex.encode(movie_ids)
        ratings = cls.of_columns(of_users, of_movies, stars, len(users), len(movies))
        return ratings, users, movies

    @classmethod
    def of_columns(
        cls,
        users: npt.NDArray[Any],
        movies: npt.NDArray[Any],
        stars: npt.NDArray[Any],
        n_users: int,
        n_movies: int,
    ) -> Self:
        """Return columns sorted by user; each user's ratings keep their order.

        Args:
            users: Shape (n,), positions below ``n_users``, in any order.
            movies: Shape (n,), positions below ``n_movies``.
            stars: Shape (n,).
            n_users: Users, with or without ratings.
            n_movies: Movies, with or without ratings.
        """
        starts = np.zeros(n_users + 1, dtype=np.int64)
        np.cumsum(np.bincount(users, minlength=n_users), out=starts[1:])
        if (users[1:] < users[:-1]).any():
            # Sixteen bits are sorted by radix, several times faster.
            narrow = users.astype(np.uint16 if n_users <= 1 << 16 else np.uint32)
            order = np.argsort(narrow, kind="stable")
            movies, stars = movies[order], stars[order]
        return cls(starts, movies.astype(np.uint32), stars, n_movies)

    def __len__(self) -> int:
        """Return the number of ratings."""
        return self.movies.size

    @property
    def n_users(self) -> int:
        """Number of users, with or without ratings."""
        return self.starts.size - 1

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Ratings of each user, shape (n_users,)."""
        return np.diff(self.starts)

    @property
    def users(self) -> npt.NDArray[np.int64]:
        """Users with ratings, rising."""
        return np.flatnonzero(self.counts)

    @property
    def rated_movies(self) -> npt.NDArray[np.int64]:
        """Movies with ratings, rising."""
        return np.flatnonzero(np.bincount(self.movies, minlength=self.n_movies))

    @property
    def mean(self) -> float:
        """Mean rating, in stars."""
        return float(self.stars.mean(dtype=np.float64))
