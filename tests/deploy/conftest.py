"""Prometheus's own programs, which Debian's packages bring."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """Find a program, or skip."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed (Debian: prometheus, prometheus-alertmanager)")
        return found

    return find


@pytest.fixture(scope="session")
def monitoring(repo: Path) -> Path:
    return repo / "deploy" / "monitoring"
