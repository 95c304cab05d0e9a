"""One small data set, and one state folder with a promoted model, for all end-to-end tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pipeline_process import REPO, Finished, small_run, warm


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated data set in the MovieLens layout."""
    folder = tmp_path_factory.mktemp("small") / "data"
    command = [sys.executable, "-m", "simulation", "make-sample", "--out", str(folder)]
    sizes = ["--users", "200", "--ratings", "8000"]
    subprocess.run([*command, *sizes], cwd=REPO, check=True, timeout=120)
    return folder


@pytest.fixture(scope="session")
def trained(
    tmp_path_factory: pytest.TempPathFactory, small_data: Path
) -> Iterator[tuple[Path, Finished]]:
    """A state folder in which one training run was promoted, and how that run ended.

    Other tests have trained and promoted in it since. A copy of that run's results is beside it,
    in ``first-results``.
    """
    var = tmp_path_factory.mktemp("trained") / "var"
    first = small_run(var, small_data, "--json")
    assert first.code == 0, first.stderr
    shutil.copytree(var / "results" / "small", var.parent / "first-results")
    with warm(var):
        yield var, first


@pytest.fixture
def data_copy(small_data: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the small data set for a test to spoil."""
    folder = tmp_path / "data"
    shutil.copytree(small_data, folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
