"""What the tests of the house rules share: the files that belong to the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def files(repo: Path) -> list[Path]:
    """Every file that is, or is about to be, part of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repo,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    names = sorted(set(filter(None, listed.split("\0"))))
    return [repo / name for name in names if (repo / name).is_file()]


@pytest.fixture(scope="session")
def modules(repo: Path, files: list[Path]) -> list[Path]:
    """Every Python file of the repository outside ``tests/``."""
    return [
        file
        for file in files
        if file.suffix == ".py" and file.relative_to(repo).parts[0] != "tests"
    ]
