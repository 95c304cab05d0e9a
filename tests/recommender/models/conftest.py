"""Ratings with the structure of the real thing, small enough to check by hand or densely."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from recommender.models.indexed import IndexedRatings
from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES, RATING_DTYPES, Dataset

MakeDataset = Callable[..., Dataset]


def make_dataset(
    rows: list[tuple[int, int, float, int]], *, movie_ids: list[int] | None = None
) -> Dataset:
    """Return the data set of (user, movie, stars, timestamp) rows, genres by the id's parity."""
    frame = pd.DataFrame(rows, columns=list(RATING_DTYPES)).astype(RATING_DTYPES)
    ids = sorted(movie_ids or frame["movie_id"].unique().tolist())
    movies = pd.DataFrame(
        {
            "movie_id": ids,
            "title": [f"Film {movie}" for movie in ids],
            "year": pd.array([1980 + movie % 30 for movie in ids], dtype="Int16"),
            "genres": ["Drama" if movie % 2 else "Comedy|Crime" for movie in ids],
        }
    ).astype(MOVIE_DTYPES)
    film_credits = pd.DataFrame(
        {
            "movie_id": ids,
            "directors": [f"Director {movie % 5}" for movie in ids],
            "cast": [f"Actor {movie % 7}|Actor {movie % 3}" for movie in ids],
            "keywords": ["heist" if movie % 3 else "space|war" for movie in ids],
            "language": "en",
            "runtime": 100,
        }
    ).astype(CREDIT_DTYPES)
    return Dataset(
        name="made",
        digest="m" * 64,
        ratings=frame.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True),
        movies=movies,
        credits=film_credits,
    )


def random_rows(
    n_users: int, n_movies: int, n_each: int, seed: int
) -> list[tuple[int, int, float, int]]:
    """Return ratings of users with tastes of two dimensions, over three years."""
    rng = np.random.default_rng(seed)
    taste, character = rng.normal(size=(n_users, 2)), rng.normal(size=(n_movies, 2))
    character[:, 0] = np.where(np.arange(n_movies) % 2, 1.0, -1.0)
    rows = []
    for user in range(n_users):
        drawn = rng.choice(n_movies, n_each, replace=False).tolist()
        for movie in drawn:
            score = 3.2 + 0.8 * taste[user] @ character[movie] + rng.normal(0.0, 0.4)
            stars = float(np.clip(np.round(score * 2.0) / 2.0, 0.5, 5.0))
            rows.append((user + 1, movie + 1, stars, int(rng.integers(10**9, 10**9 + 10**8))))
    return rows


@pytest.fixture(scope="session")
def make() -> MakeDataset:
    """Make a data set from rows."""
    return make_dataset


@pytest.fixture(scope="session")
def ratings_of_taste() -> Dataset:
    """Sixty users, forty movies, 1,200 ratings; movies 41 and 42 are new."""
    return make_dataset(random_rows(60, 40, 20, seed=5), movie_ids=list(range(1, 43)))


@pytest.fixture(scope="session")
def indexed(ratings_of_taste: Dataset) -> IndexedRatings:
    """The same as positions."""
    return IndexedRatings.of(ratings_of_taste)
