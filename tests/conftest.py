"""Fixtures that several rooms share; the state of a test run lives in a folder of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

import environment

REPO = Path(__file__).resolve().parents[1]

_STATE = tempfile.mkdtemp(prefix="movie-roulette-tests-")
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)
os.environ["MOVIE_ROULETTE_VAR"] = _STATE
for _key in environment.defaults(Path(_STATE)):
    os.environ.pop(_key, None)
environment.apply()


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
