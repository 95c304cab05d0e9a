from __future__ import annotations

import logging
from pathlib import Path

import pytest

from recommender.errors import UsageError
from recommender.models import memory
from recommender.models.ease import fit_ease
from recommender.models.indexed import IndexedRatings
from recommender.models.memory import available_bytes, state_memory
from recommender.settings import ModelParams


def test_available_memory_is_read_where_it_is_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = tmp_path / "meminfo"
    stated.write_text("MemTotal: 4000 kB\nMemAvailable:    2000 kB\n", encoding="ascii")
    monkeypatch.setattr(memory, "_MEMINFO", stated)
    assert available_bytes() == 2000 * 1024
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "none")
    assert available_bytes() > 10**8


def test_what_fits_is_stated(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        state_memory(2e6, what="A matrix", setting="ease_max_movies", value=3)
    assert "A matrix needs about 0.00 GB" in caplog.text


def test_ease_says_before_it_starts_what_does_not_fit(
    indexed: IndexedRatings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 1000)
    with pytest.raises(UsageError, match="Lower ease_max_movies") as error:
        fit_ease(indexed, ModelParams(ease_max_movies=40))
    assert error.value.place == "model.ease_max_movies"
    assert error.value.value == 40
