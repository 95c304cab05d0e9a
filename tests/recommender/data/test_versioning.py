from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recommender.data.versioning import ensure_recorded_data, folder_digest, recorded_digest
from recommender.errors import DataError


def dvc(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, check=True, timeout=120)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose ``data/`` DVC itself has recorded and pushed."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    (folder / "data/inner").mkdir(parents=True)
    (folder / "data/ratings.csv").write_text("userId\n1\n")
    (folder / "data/é.json").write_text("{}")
    (folder / "data/inner/notes.md").write_text("notes")
    dvc(folder, "init", "--quiet")
    dvc(folder, "remote", "add", "--quiet", "--default", "store", ".dvcstore")
    dvc(folder, "add", "--quiet", "data")
    dvc(folder, "push", "--quiet")
    return folder


@pytest.fixture
def checkout(project: Path, tmp_path: Path) -> Path:
    """A fresh copy of the project, as a clone would be: without data and cache."""
    folder = tmp_path / "checkout"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("data", "cache", "tmp"))
    return folder


def test_the_digest_is_the_one_dvc_records(project: Path) -> None:
    assert folder_digest(project / "data") == recorded_digest(project / "data.dvc")


def test_missing_data_is_fetched_by_dvc(checkout: Path) -> None:
    found = ensure_recorded_data(checkout / "data", checkout / "data.dvc")
    assert found == recorded_digest(checkout / "data.dvc")
    assert (checkout / "data/inner/notes.md").read_text() == "notes"


def test_changed_data_is_refused_unless_accepted(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(project / "data", folder)
    (folder / "ratings.csv").write_text("userId\n2\n")
    with pytest.raises(DataError, match="--accept-data"):
        ensure_recorded_data(folder, project / "data.dvc")
    found = ensure_recorded_data(folder, project / "data.dvc", accept=True)
    assert found != recorded_digest(project / "data.dvc")


def test_data_that_cannot_be_fetched_says_so(checkout: Path) -> None:
    shutil.rmtree(checkout / ".dvcstore")
    with pytest.raises(DataError, match="dvc pull"):
        ensure_recorded_data(checkout / "data", checkout / "data.dvc")


@pytest.mark.parametrize("text", ["outs: []", "a: b", "[", ""])
def test_a_record_without_a_digest_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "data.dvc"
    file.write_text(text)
    with pytest.raises(DataError, match=r"data\.dvc"):
        recorded_digest(file)


def test_an_absent_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="git checkout"):
        recorded_digest(tmp_path / "data.dvc")
