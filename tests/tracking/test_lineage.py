from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from recommender.bundle import CodeState
from tracking.lineage import CodeRevision, code_digest, code_revision, code_state


@pytest.fixture(autouse=True)
def _no_stated_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOVIE_ROULETTE_REVISION", raising=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "recommender" / "models").mkdir(parents=True)
    (root / "expectations").mkdir()
    (root / "recommender" / "a.py").write_text("a = 1\n")
    (root / "recommender" / "models" / "b.py").write_text("b = 2\n")
    (root / "expectations" / "ratings.json").write_text("{}\n")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    return root


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    command = ["git", "-C", str(root), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_clean_checkout_has_its_commit(checkout: Path) -> None:
    assert code_revision(checkout) == CodeRevision(git(checkout, "rev-parse", "HEAD"), dirty=False)


@pytest.mark.parametrize("file", ["recommender/a.py", "recommender/new.py"])
def test_a_changed_or_a_new_file_makes_it_dirty(checkout: Path, file: str) -> None:
    (checkout / file).write_text("a = 2\n")
    revision = code_revision(checkout)
    assert revision is not None
    assert revision.dirty is True


def test_a_bundle_says_whether_its_code_was_dirty(checkout: Path, tmp_path: Path) -> None:
    revision, digest = git(checkout, "rev-parse", "HEAD"), code_digest(checkout)
    assert code_state(checkout) == CodeState(revision, digest)
    (checkout / "notes.txt").write_text("new")
    assert code_state(checkout) == CodeState(f"{revision}-dirty", digest)
    assert code_state(tmp_path) == CodeState(None, code_digest(tmp_path))


def test_the_environment_wins(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIE_ROULETTE_REVISION", "v1.2")
    assert code_revision(checkout) == CodeRevision("v1.2", dirty=None)
    assert code_revision(checkout).to_tags()["roulette.code_dirty"] == "unknown"  # type: ignore[union-attr]  # asserted above


def test_there_is_none_outside_version_control(tmp_path: Path) -> None:
    assert code_revision(tmp_path) is None


def test_a_repository_around_the_project_does_not_count(checkout: Path) -> None:
    assert code_revision(checkout / "recommender") is None


def test_there_is_none_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert code_revision(tmp_path) is None


def test_there_is_none_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert code_revision(checkout) is None


def test_the_repository_of_a_git_hook_is_not_taken(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setitem(os.environ, "GIT_DIR", str(tmp_path / "elsewhere"))
    revision = code_revision(checkout)
    assert revision is not None
    assert revision.revision == expected


def test_the_digest_is_of_paths_and_contents_alone(checkout: Path, tmp_path: Path) -> None:
    before = code_digest(checkout)
    (checkout / "recommender" / "__pycache__").mkdir()
    (checkout / "recommender" / "__pycache__" / "a.py").write_text("cached")
    (checkout / "recommender" / "notes.txt").write_text("no source")
    (checkout / "other.py").write_text("not of the model")
    moved = tmp_path / "moved"
    checkout.rename(moved)
    assert code_digest(moved) == before


@pytest.mark.parametrize("file", ["recommender/models/b.py", "expectations/ratings.json"])
def test_the_digest_changes_with_a_content(checkout: Path, file: str) -> None:
    before = code_digest(checkout)
    (checkout / file).write_text("b = 3\n")
    assert code_digest(checkout) != before


def test_the_digest_changes_with_a_name(checkout: Path) -> None:
    before = code_digest(checkout)
    (checkout / "recommender" / "a.py").rename(checkout / "recommender" / "c.py")
    assert code_digest(checkout) != before
