"""Ranked lists of many users over the whole catalogue, with the movies they know removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recommender.errors import RouletteError
from recommender.scale import IntArray
from recommender.scorer import Recommends

#: Called with the work done and the work in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class RankedLists:
    """The lists of several users as positions in the catalogue.

    Attributes:
        user_ids: Shape (n_users,).
        movies: Shape (n_users, width), positions in the sorted catalogue; meaningful only in the
            first ``lengths`` places of a row.
        lengths: Shape (n_users,), movies in each list, at most ``width``.
    """

    user_ids: IntArray
    movies: IntArray
    lengths: IntArray

    @property
    def filled(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Shape (n_users, width), true where a list has a movie."""
        return np.arange(self.movies.shape[1]) < self.lengths[:, np.newaxis]

    def exposure(self, k: int, n_movies: int) -> IntArray:
        """Return how often each movie of the catalogue is in a first ``k``, shape (n_movies,)."""
        shown = self.movies[:, :k][self.filled[:, :k]]
        return np.bincount(shown, minlength=n_movies)


class RatedMovies:
    """The movies that each user has rated in a frame, found without a search of the frame."""

    def __init__(self, ratings: pd.DataFrame) -> None:
        users = ratings["user_id"].to_numpy()
        self._movies = ratings["movie_id"].to_numpy()
        self._order = np.argsort(users, kind="stable")
        self._users, self._starts, counts = np.unique(
            users[self._order], return_index=True, return_counts=True
        )
        self._ends = self._starts + counts

    def rows_of(self, user_id: int) -> IntArray:
        """Return the positions in the frame of the ratings of ``user_id``, rising."""
        place = int(np.searchsorted(self._users, user_id))
        if place == self._users.size or self._users[place] != user_id:
            return self._order[:0]
        return self._order[self._starts[place] : self._ends[place]]

    def of(self, user_id: int) -> IntArray:
        """Return the ids of the movies that ``user_id`` rated, shape (n,), in frame order."""
        return np.asarray(self._movies[self.rows_of(user_id)])


def rank_users(
    model: Recommends,
    user_ids: IntArray,
    width: int,
    *,
    catalogue: IntArray,
    known: RatedMovies,
    progress: Progress | None = None,
) -> RankedLists:
    """Rank the whole catalogue for each user and keep the best movies that the user does not know.

    The model ranks with ``exclude_seen=False`` and what the user knows is removed here, so that
    every model is held to the same definition of "seen": the ratings before the measured part.
    A model that holds later ratings back from its lists does not lose the right answers.

    Args:
        model: What ranks.
        user_ids: Shape (n_users,).
        width: Most movies kept in a list.
        catalogue: Shape (n_movies,), ids, rising.
        known: What each user rated before the measured part.
        progress: Told of each user done.

    Raises:
        RouletteError: A list repeats a movie or holds one outside the catalogue.
    """
    movies = np.zeros((user_ids.size, width), dtype=np.int64)
    lengths = np.zeros(user_ids.size, dtype=np.int64)
    for row, user_id in enumerate(user_ids.tolist()):
        rated = known.of(user_id)
        shown = model.recommend(user_id, width + rated.size, exclude_seen=False).movie_ids
        fresh = shown[~np.isin(shown, rated)][:width] if rated.size else shown[:width]
        place = f"the list of {model.name} for user {user_id}"
        _check_no_repeats(fresh, place=place)
        movies[row, : fresh.size] = catalogue_positions(fresh, catalogue, place=place)
        lengths[row] = fresh.size
        if progress is not None:
            progress(row + 1, user_ids.size)
    return RankedLists(user_ids=user_ids, movies=movies, lengths=lengths)


def catalogue_positions(movie_ids: IntArray, catalogue: IntArray, *, place: str) -> IntArray:
    """Return where each of ``movie_ids`` stands in ``catalogue`` (ids, rising), shape (n,).

    Raises:
        RouletteError: A movie is not in the catalogue; the message holds ``place`` and its id.
    """
    positions = np.minimum(np.searchsorted(catalogue, movie_ids), catalogue.size - 1)
    unknown = movie_ids[catalogue[positions] != movie_ids]
    if unknown.size:
        raise RouletteError("a movie is not in the catalogue", place=place, value=int(unknown[0]))
    return positions


def _check_no_repeats(movie_ids: IntArray, *, place: str) -> None:
    unique, counts = np.unique(movie_ids, return_counts=True)
    if unique.size != movie_ids.size:
        repeated = int(unique[np.argmax(counts)])
        raise RouletteError("a list recommends a movie twice", place=place, value=repeated)
