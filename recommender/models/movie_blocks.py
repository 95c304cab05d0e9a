"""Ratings cut by movies, so that threads can work side by side on rows of their own.

Of ``n`` blocks of movies and ``n`` shares of the users, each thread takes one of either, and in
``n`` rounds every share meets every block. No two threads then touch one user or one movie in a
round (Gemulla et al. 2011, "Large-scale matrix factorization with distributed stochastic gradient
descent"): nothing is lost, the result depends on the number of threads but not on their speed, and
no row of factors travels between the caches of two cores while both want it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.models.ratings_by_user import RatingsByUser


@dataclass(frozen=True, eq=False)
class MovieBlock:
    """The ratings of some movies, sorted by user as they were.

    Attributes:
        starts: Shape (n_users + 1,), int64, where each user's ratings begin.
        movies: Shape (m,), uint32, positions in the whole catalogue.
        deviations: Shape (m,), stars less the mean.
    """

    starts: npt.NDArray[np.int64]
    movies: npt.NDArray[np.uint32]
    deviations: npt.NDArray[Any]


def movie_blocks(
    ratings: RatingsByUser, deviations: npt.NDArray[Any], n_blocks: int
) -> list[MovieBlock]:
    """Return ``ratings`` in blocks of adjacent movies with about as many ratings each.

    Args:
        ratings: What is cut.
        deviations: Shape (n,), stars less the mean.
        n_blocks: Blocks; with 1 nothing is copied.
    """
    if n_blocks == 1:
        return [MovieBlock(ratings.starts, ratings.movies, deviations)]
    done = np.cumsum(np.bincount(ratings.movies, minlength=ratings.n_movies))
    ends = np.searchsorted(done, done[-1] * np.arange(1, n_blocks) / n_blocks) + 1
    block_of = np.searchsorted(ends, np.arange(ratings.n_movies), side="right").astype(np.uint8)
    return list(_cut(ratings, deviations, block_of[ratings.movies], n_blocks))


def _cut(
    ratings: RatingsByUser,
    deviations: npt.NDArray[Any],
    blocks: npt.NDArray[np.uint8],
    n_blocks: int,
) -> Iterator[MovieBlock]:
    before = np.zeros(len(ratings) + 1, dtype=np.int64)
    for block in range(n_blocks):
        chosen = blocks == block
        np.cumsum(chosen, out=before[1:])
        yield MovieBlock(before[ratings.starts], ratings.movies[chosen], deviations[chosen])
