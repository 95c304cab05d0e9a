"""A tiny block-structured data set whose right answer is known by eye."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES, RATING_DTYPES, Dataset

#: Users 1 to 20 like the even movies from 100 on, users 21 to 40 the odd ones.
N_USERS = 40
MOVIES = np.arange(100, 124)


def likes(user_id: int, movie_id: int) -> bool:
    return (user_id <= N_USERS // 2) == (movie_id % 2 == 0)


def block_dataset() -> Dataset:
    """Each user rates nine movies of the own block high and three of the other one low.

    Movie 123 is left unrated by everyone: it is new.
    """
    rng = np.random.default_rng(3)
    rows = []
    for user in range(1, N_USERS + 1):
        own = [movie for movie in MOVIES[:-1].tolist() if likes(user, movie)]
        other = [movie for movie in MOVIES[:-1].tolist() if not likes(user, movie)]
        for movies, size, stars in ((own, 9, (4.5, 5.0)), (other, 3, (0.5, 1.0))):
            chosen = rng.choice(movies, size, replace=False).tolist()
            rows += [(user, movie, float(rng.choice(stars))) for movie in chosen]
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating"])
    frame["timestamp"] = 1_000_000_000 + 86_400 * rng.permutation(len(frame))
    frame = frame.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True)
    return Dataset(
        name="blocks",
        digest="b" * 64,
        ratings=frame.astype(RATING_DTYPES),
        movies=block_movies(),
        credits=pd.DataFrame(
            {
                "movie_id": MOVIES,
                "directors": [f"Director {movie % 4}" for movie in MOVIES],
                "cast": [f"Actor {movie % 2}" for movie in MOVIES],
                "keywords": ["space|robot" if movie % 2 else "wedding|family" for movie in MOVIES],
                "language": "en",
                "runtime": 100,
            }
        ).astype(CREDIT_DTYPES),
    )


def block_movies() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "movie_id": MOVIES,
            "title": [f"Film {movie}" for movie in MOVIES],
            "year": pd.array([None, *range(1981, 1981 + MOVIES.size - 1)], dtype="Int16"),
            "genres": ["Sci-Fi|Action" if movie % 2 else "Romance" for movie in MOVIES],
        }
    ).astype(MOVIE_DTYPES)


@pytest.fixture(scope="session")
def blocks() -> Dataset:
    """Two groups of users and two of movies."""
    return block_dataset()


@pytest.fixture(scope="session")
def in_own_block() -> Callable[[int, int], bool]:
    """Whether a user belongs to a movie's block."""
    return likes
