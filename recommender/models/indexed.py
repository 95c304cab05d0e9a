"""Training ratings as arrays of positions, the form in which every scorer learns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommender.errors import DataError
from recommender.inference.histories import Histories, grade
from recommender.inference.identifiers import IdIndex
from recommender.inference.part import Audience, SeenMovies
from recommender.models.ordering_kernels import row_starts, stable_positions
from recommender.scale import RatingScale
from recommender.schema import Dataset

Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SECONDS_PER_DAY = 86400.0


@dataclass(frozen=True, eq=False)
class IndexedRatings:
    """Ratings by position of user and movie, oldest first.

    Attributes:
        user_index: Users with ratings in the data set.
        movie_index: The whole catalogue.
        users: Shape (n,), positions.
        movies: Shape (n,), positions.
        stars: Shape (n,).
        timestamps: Shape (n,), seconds.
        scale: The rating scale.
    """

    user_index: IdIndex
    movie_index: IdIndex
    users: Positions
    movies: Positions
    stars: Floats
    timestamps: Positions
    scale: RatingScale

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Return the ratings of ``dataset``.

        Raises:
            DataError: There are no ratings, or a rated movie is not in the catalogue.
        """
        ratings = dataset.ratings
        if ratings.empty:
            raise DataError(
                "there are no ratings to learn from",
                place=f"data set {dataset.name}",
                remedy="Give training data with at least one rating.",
            )
        order = _oldest_first(
            *(ratings[name].to_numpy() for name in ("timestamp", "user_id", "movie_id"))
        )
        user_ids = ratings["user_id"].to_numpy()[order]
        movie_ids = ratings["movie_id"].to_numpy()[order]
        user_index = IdIndex.of(user_ids)
        movie_index = IdIndex.of(dataset.movies["movie_id"].to_numpy())
        movies = movie_index.positions(movie_ids)
        if (movies < 0).any():
            raise DataError(
                "a rated movie is not in the catalogue",
                place=f"data set {dataset.name}",
                value=int(movie_ids[movies < 0][0]),
            )
        return cls(
            user_index=user_index,
            movie_index=movie_index,
            users=user_index.positions(user_ids),
            movies=movies,
            stars=ratings["rating"].to_numpy(np.float64)[order],
            timestamps=ratings["timestamp"].to_numpy(np.int64)[order],
            scale=dataset.scale,
        )

    def __len__(self) -> int:
        """Return the number of ratings."""
        return self.users.size

    def only(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Self:
        """Return the chosen ratings; users and movies keep their positions."""
        return replace(
            self,
            users=self.users[chosen],
            movies=self.movies[chosen],
            stars=self.stars[chosen],
            timestamps=self.timestamps[chosen],
        )

    def in_units(self) -> Self:
        """Return the same ratings in units of their scale: as wide as MovieLens's."""
        unit = self.scale.unit
        if unit == 1.0:
            return self
        return replace(self, stars=self.stars / unit, scale=self.scale.in_units())

    @property
    def n_users(self) -> int:
        """Number of users, with or without ratings among these."""
        return len(self.user_index)

    @property
    def n_movies(self) -> int:
        """Number of movies in the catalogue."""
        return len(self.movie_index)

    @property
    def mean(self) -> float:
        """Mean rating, in stars."""
        return float(self.stars.mean())

    @cached_property
    def by_user(self) -> Positions:
        """The rows user by user, each user's oldest first, shape (n,)."""
        return stable_positions(self.users, self.n_users)

    @property
    def user_starts(self) -> Positions:
        """Where each user's rows begin in `by_user`, shape (n_users + 1,)."""
        return row_starts(self.users, self.n_users)

    @property
    def user_counts(self) -> Positions:
        """Ratings of each user, shape (n_users,)."""
        return np.bincount(self.users, minlength=self.n_users)

    @property
    def movie_counts(self) -> Positions:
        """Ratings of each movie, shape (n_movies,)."""
        return np.bincount(self.movies, minlength=self.n_movies)

    @property
    def known_users(self) -> npt.NDArray[np.bool_]:
        """Shape (n_users + 1,), whether a user has ratings; the last row is the unknown user."""
        return np.append(self.user_counts > 0, False)

    @property
    def known_movies(self) -> npt.NDArray[np.bool_]:
        """Shape (n_movies + 1,), whether a movie has ratings; the last is the unknown movie."""
        return np.append(self.movie_counts > 0, False)

    @property
    def grades(self) -> Floats:
        """How much each rating speaks for its movie, shape (n,)."""
        return grade(self.stars, self.scale)

    def age_in_days(self) -> Floats:
        """Return how long before the latest rating each one was given, shape (n,)."""
        return np.asarray((self.timestamps.max() - self.timestamps) / SECONDS_PER_DAY)

    def matrix(self, values: Floats | None = None) -> sp.csr_array:
        """Return users by movies with ``values`` (ones if absent), explicit zeros removed."""
        data = np.ones(len(self)) if values is None else values
        matrix = sp.csr_array(
            (data, (self.users, self.movies)), shape=(self.n_users, self.n_movies)
        )
        matrix.eliminate_zeros()
        return matrix

    def histories(self) -> Histories:
        """Return what each user rated, oldest first."""
        order = self.by_user
        return Histories(
            self.user_starts,
            self.movies[order].astype(np.int32),
            self.stars[order].astype(np.float32),
        )

    def audience(self, seen: SeenMovies | None = None) -> Audience:
        """Return users, movies and histories; ``seen`` is what was rated here unless given."""
        return Audience(
            users=self.user_index,
            movies=self.movie_index,
            histories=self.histories(),
            seen=seen or self.seen(),
            scale=self.scale,
        )

    def seen(self) -> SeenMovies:
        """Return what each user rated as movies to hold back from lists."""
        movies = sorted_rows(self.users, self.movies, self.n_users, self.n_movies)
        return SeenMovies(self.user_index, self.user_starts, movies)


def sorted_rows(
    users: Positions, movies: Positions, n_users: int, n_movies: int
) -> npt.NDArray[np.int32]:
    """Return ``movies`` user by user, rising within a user, shape (n,)."""
    by_movie = stable_positions(movies, n_movies)
    by_user = stable_positions(users[by_movie], n_users)
    return movies.astype(np.int32)[by_movie[by_user]]


def _oldest_first(
    timestamps: npt.NDArray[Any], users: npt.NDArray[Any], movies: npt.NDArray[Any]
) -> Positions | slice:
    """Return what sorts the rows by time, user and movie: most often they are in order."""
    later = timestamps[1:] > timestamps[:-1]
    same = timestamps[1:] == timestamps[:-1]
    within = (users[1:] > users[:-1]) | ((users[1:] == users[:-1]) & (movies[1:] >= movies[:-1]))
    if (later | (same & within)).all():
        return slice(None)
    return np.lexsort([movies, users, timestamps])
