"""Ratings as positions: what every scorer fits on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.errors import DataError
from recommender.inference.index import IdIndex, Rows
from recommender.schema import Dataset, FloatArray, IntArray, RatingScale


@dataclass(frozen=True, eq=False)
class Interactions:
    """The ratings of a dataset, with users and movies as positions.

    Attributes:
        users: Users with ratings.
        movies: The whole catalogue.
        user: Shape (n,), position of the user of each rating.
        movie: Shape (n,), position of the movie.
        rating: Shape (n,), float64, stars.
        timestamp: Shape (n,), seconds.
        scale: The rating scale.
    """

    users: IdIndex
    movies: IdIndex
    user: IntArray
    movie: IntArray
    rating: FloatArray
    timestamp: IntArray
    scale: RatingScale

    @classmethod
    def of(cls, dataset: Dataset) -> Interactions:
        """Return the ratings of ``dataset``, in order of user, movie.

        Raises:
            DataError: There are no ratings.
        """
        frame = dataset.ratings
        if frame.empty:
            raise DataError("there are no ratings to fit on", place=dataset.name)
        users = IdIndex(np.unique(frame["user_id"].to_numpy()))
        movies = IdIndex(np.unique(dataset.movies["movie_id"].to_numpy()))
        user = users.positions(frame["user_id"].to_numpy())
        movie = movies.positions(frame["movie_id"].to_numpy())
        order = np.lexsort((movie, user))
        return cls(
            users=users,
            movies=movies,
            user=user[order],
            movie=movie[order],
            rating=frame["rating"].to_numpy(dtype=np.float64)[order],
            timestamp=frame["timestamp"].to_numpy()[order],
            scale=dataset.scale,
        )

    def __len__(self) -> int:
        """Return the number of ratings."""
        return int(self.rating.size)

    @cached_property
    def mean(self) -> float:
        """Mean rating, in stars."""
        return float(self.rating.mean())

    @cached_property
    def user_counts(self) -> IntArray:
        """Ratings of each user, shape (n_users + 1,); the last row, the unknown user, has none."""
        return np.bincount(self.user, minlength=len(self.users) + 1)

    @cached_property
    def movie_counts(self) -> IntArray:
        """Ratings of each movie, shape (n_movies + 1,), likewise."""
        return np.bincount(self.movie, minlength=len(self.movies) + 1)

    @cached_property
    def user_starts(self) -> IntArray:
        """Where each user's ratings start, shape (n_users + 1,)."""
        return np.concatenate([[0], np.cumsum(self.user_counts[:-1])])

    @property
    def history(self) -> Rows:
        """Each user's movies and stars."""
        return Rows(self.user_starts, self.movie, self.rating)

    def select(self, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> Interactions:
        """Return the ratings where ``mask`` (shape (n,)) is true, over the same ids."""
        return Interactions(
            users=self.users,
            movies=self.movies,
            user=self.user[mask],
            movie=self.movie[mask],
            rating=self.rating[mask],
            timestamp=self.timestamp[mask],
            scale=self.scale,
        )

    def matrix(self, values: FloatArray | None = None) -> Any:
        """Return a sparse matrix (n_users, n_movies) of ``values``, or of ones."""
        cells = np.ones(len(self)) if values is None else values
        shape = (len(self.users), len(self.movies))
        return sp.csr_matrix((cells, self.movie, self.user_starts), shape=shape)
