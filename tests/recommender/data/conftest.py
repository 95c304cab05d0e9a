"""A small data set in MovieLens's csv layout, and writers of the other layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

N_USERS, N_MOVIES = 60, 40


@pytest.fixture(scope="session")
def small_ratings() -> pd.DataFrame:
    """600 distinct pairs in whole stars, in the order of MovieLens files: by user, then movie."""
    rng = np.random.default_rng(7)
    pairs = np.sort(rng.choice(N_USERS * N_MOVIES, 600, replace=False))
    return pd.DataFrame(
        {
            "user_id": (pairs // N_MOVIES + 1).astype("int32"),
            "movie_id": (pairs % N_MOVIES + 1).astype("int32"),
            "rating": rng.integers(1, 6, 600).astype("float32"),
            "timestamp": rng.integers(900_000_000, 900_050_000, 600),
        }
    )


@pytest.fixture
def folder(tmp_path: Path, small_ratings: pd.DataFrame) -> Path:
    """A folder that holds the small data set."""
    path = tmp_path / "small"
    path.mkdir()
    names = {"user_id": "userId", "movie_id": "movieId"}
    small_ratings.rename(columns=names).to_csv(path / "ratings.csv", index=False)
    lines = [f'{i},"Film, no. {i} ({1950 + i})",Comedy|Drama' for i in range(1, N_MOVIES + 1)]
    (path / "movies.csv").write_text("\n".join(["movieId,title,genres", *lines, ""]))
    return path
