"""Fixtures that several rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]


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
