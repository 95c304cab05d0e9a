"""Fixtures that several rooms share; the state of a test run lives in a folder of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

import environment
from recommender.bundle import Bundle, CodeState
from recommender.data.splitting import split_dataset
from recommender.schema import CREDIT_DTYPES, MOVIE_DTYPES, RATING_DTYPES, Dataset, Split
from recommender.settings import ModelParams, Params, SplitParams

REPO = Path(__file__).resolve().parents[1]

_STATE = tempfile.mkdtemp(prefix="movie-roulette-tests-")
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)
os.environ["MOVIE_ROULETTE_VAR"] = _STATE
for _key in environment.defaults(Path(_STATE)):
    os.environ.pop(_key, None)
environment.apply()

# No test is held to the clock: neither an example nor the making of one.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


#: Processes share the tests out file by file; what takes longest begins.
_FIRST = ("tests/e2e/test_training.py", "tests/e2e/test_kills.py", "tests/e2e/", "tests/tracking/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, and leave all others in their order."""

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(REPO).as_posix()
        found = (place for place, start in enumerate(_FIRST) if path.startswith(start))
        return next(found, len(_FIRST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(scope="session")
def ml_latest_small() -> Path:
    """The folder of MovieLens ml-latest-small, which stands beside the checkout where available."""
    folder = REPO.parent / "shared" / "data" / "ml-latest-small"
    if not folder.is_dir():
        pytest.skip("needs MovieLens ml-latest-small in ../shared/data/ml-latest-small")
    return folder


@pytest.fixture(scope="session")
def zenml_store() -> Path:
    """The artifact folder of a ZenML store of this test run's own; the first use takes seconds."""
    from zenml.client import Client

    return Path(Client().active_stack.artifact_store.path)


@pytest.fixture(scope="session")
def tiny_dataset() -> Dataset:
    """Forty users of two tastes over thirty movies of two genres, in one year."""
    rng = np.random.default_rng(7)
    rows = []
    for user in range(1, 41):
        for movie in rng.choice(np.arange(1, 31), size=16, replace=False).tolist():
            liked = (user % 2) == (movie % 2)
            stars = rng.choice([4.0, 4.5, 5.0]) if liked else rng.choice([1.0, 1.5, 2.0, 3.0])
            rows.append((user, movie, stars, int(1_000_000_000 + rng.integers(0, 31_536_000))))
    ratings = pd.DataFrame(rows, columns=list(RATING_DTYPES)).astype(RATING_DTYPES)
    ratings = ratings.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True)
    genres = ["Drama" if movie % 2 else "Sci-Fi|Action" for movie in range(1, 31)]
    movies = pd.DataFrame(
        {
            "movie_id": range(1, 31),
            "title": [f"Film {movie}" for movie in range(1, 31)],
            "year": [1980 + movie for movie in range(30)],
            "genres": genres,
        }
    ).astype(MOVIE_DTYPES)
    film_credits = pd.DataFrame(
        {
            "movie_id": range(1, 31),
            "directors": [f"Director {movie % 6}" for movie in range(30)],
            "cast": [f"Actor {movie % 5}|Actor {movie % 7}" for movie in range(30)],
            "keywords": ["family" if movie % 2 else "space|war" for movie in range(1, 31)],
            "language": ["en"] * 30,
            "runtime": [90 + movie for movie in range(30)],
        }
    ).astype(CREDIT_DTYPES)
    return Dataset(
        name="tiny",
        digest="0" * 64,
        ratings=ratings,
        movies=movies,
        credits=film_credits,
        simulated=True,
    )


@pytest.fixture(scope="session")
def tiny_split(tiny_dataset: Dataset) -> Split:
    """The tiny data set, parted in time."""
    return split_dataset(tiny_dataset, SplitParams(), seed=1)


@pytest.fixture(scope="session")
def tiny_params() -> Params:
    """Hyper-parameters that are quick on the tiny data set."""
    return Params(seed=1, model=ModelParams(n_factors=4, n_epochs=10, nmf_factors=3, nmf_epochs=5))


@pytest.fixture(scope="session")
def tiny_bundle(
    tiny_dataset: Dataset,
    tiny_split: Split,
    tiny_params: Params,
    tmp_path_factory: pytest.TempPathFactory,
) -> Bundle:
    """A real bundle of a hybrid fitted on the tiny data set."""
    from recommender.models.training import train_bundle

    folder = tmp_path_factory.mktemp("bundle") / "bundle"
    code = CodeState(revision="r" * 40, digest="c" * 64)
    return train_bundle(folder, tiny_split, tiny_dataset, tiny_params, code=code)
