"""A small data set in which nothing is wrong, and MovieLens where it is available."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.schema import (
    CREDIT_DTYPES,
    MOVIE_DTYPES,
    RATING_DTYPES,
    TAG_DTYPES,
    CleaningReport,
    Dataset,
)

N_USERS, N_MOVIES = 150, 100


def _ratings(generator: np.random.Generator) -> pd.DataFrame:
    """Return 10,500 ratings: every user rates 70 of the 100 movies once, two hours apart."""
    movies = np.argsort(generator.random((N_USERS, N_MOVIES)), axis=1)[:, :70] + 1
    stars = np.round(generator.normal(3.5, 1.0, movies.size) * 2) / 2
    frame = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(1, N_USERS + 1), 70),
            "movie_id": movies.ravel(),
            "rating": np.clip(stars, 0.5, 5.0),
            "timestamp": 1_000_000_000 + generator.permutation(movies.size) * 7200,
        }
    )
    return frame.sort_values("timestamp", ignore_index=True).astype(RATING_DTYPES)


def _movies() -> pd.DataFrame:
    ids = np.arange(1, N_MOVIES + 1)
    frame = pd.DataFrame({"movie_id": ids, "title": [f"Movie {index}" for index in ids]})
    frame["year"] = pd.array(1950 + ids % 70, dtype="Int16")
    frame["genres"] = np.where(ids % 2 == 0, "Drama|War", "Comedy")
    frame.loc[3, "year"] = pd.NA
    return frame.astype(MOVIE_DTYPES)


def _tags() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": np.arange(1, 101),
            "movie_id": np.arange(1, 101),
            "tag": "quiet",
            "timestamp": 1_100_000_000,
        }
    ).astype(TAG_DTYPES)


def _credits() -> pd.DataFrame:
    frame = pd.DataFrame({"movie_id": np.arange(1, 101)})
    frame = frame.assign(directors="A. Varda", cast="B. Keaton|G. Garbo", keywords="trains|snow")
    frame["language"] = "en"
    frame["runtime"] = pd.array([95] * 99 + [None], dtype="Int16")
    return frame.astype(CREDIT_DTYPES)


@pytest.fixture
def tiny() -> Dataset:
    """A data set that meets every expectation, warnings too; a fresh one for each test."""
    ratings = _ratings(np.random.default_rng(7))
    return Dataset(
        name="tiny",
        digest="0f" * 32,
        ratings=ratings,
        movies=_movies(),
        tags=_tags(),
        credits=_credits(),
        cleaning=CleaningReport(
            rows_read=len(ratings) + 5,
            rows_kept=len(ratings),
            removed={"duplicate": 4, "out of scale": 1},
            examples={"duplicate": ["ratings.csv row 8: userId=1, movieId=4, rating=3.0"]},
        ),
    )


@pytest.fixture
def now() -> datetime:
    """A present in which the dates of the small data set are past."""
    return datetime(2024, 6, 15, tzinfo=UTC)


@pytest.fixture
def only_suite(tmp_path: Path, repo: Path) -> Callable[..., Path]:
    """Make a folder of suites with expectations in the one named only, on ``columns`` if given."""

    def make(name: str, columns: Collection[str | None] | None = None) -> Path:
        folder = tmp_path / "suites"
        folder.mkdir()
        for file in sorted((repo / "expectations").glob("*.json")):
            suite = json.loads(file.read_text(encoding="utf-8"))
            suite["expectations"] = [
                rule
                for rule in suite["expectations"]
                if file.stem == name
                and (columns is None or rule["kwargs"].get("column") in columns)
            ]
            (folder / file.name).write_text(json.dumps(suite), encoding="utf-8")
        return folder

    return make


@pytest.fixture
def movielens(ml_latest_small: Path) -> Dataset:
    """MovieLens ml-latest-small, read plainly."""
    names = {"userId": "user_id", "movieId": "movie_id"}
    ratings = pd.read_csv(ml_latest_small / "ratings.csv").rename(columns=names)
    tags = pd.read_csv(ml_latest_small / "tags.csv", keep_default_na=False).rename(columns=names)
    movies = pd.read_csv(ml_latest_small / "movies.csv").rename(columns=names)
    parts = movies["title"].str.extract(r"^(.*?)\s*(?:\((\d{4})\))?\s*$")
    movies = movies.assign(
        title=parts[0],
        year=pd.to_numeric(parts[1]).astype("Int16"),
        genres=movies["genres"].replace("(no genres listed)", ""),
    )
    return Dataset(
        name="ml-latest-small",
        digest="ab" * 32,
        ratings=ratings.astype(RATING_DTYPES),
        movies=movies[list(MOVIE_DTYPES)].astype(MOVIE_DTYPES),
        tags=tags[list(TAG_DTYPES)].astype(TAG_DTYPES),
        cleaning=CleaningReport(len(ratings), len(ratings)),
    )
