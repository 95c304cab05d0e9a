from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.comparison import resources
from recommender.comparison.resources import fit_with_cost, list_milliseconds
from recommender.schema import Dataset


class Hungry:
    """Fills an array for a moment."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes

    def fit(self, dataset: Dataset) -> Any:
        del dataset
        self.kept = float(np.ones(self.megabytes * 125_000).sum())
        return self


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")
def test_the_peak_is_that_of_the_fit_alone(tiny_dataset: Dataset) -> None:
    _, large = fit_with_cost(Hungry(300), tiny_dataset)  # type: ignore[arg-type]
    _, small = fit_with_cost(Hungry(100), tiny_dataset)  # type: ignore[arg-type]
    assert large.peak_mb is not None
    assert small.peak_mb is not None
    assert 295 < large.peak_mb < 340
    assert small.peak_mb < 140
    assert large.seconds > 0


def test_the_peak_is_unknown_where_the_system_does_not_tell(
    tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_CLEAR", tmp_path / "absent")
    assert fit_with_cost(Hungry(1), tiny_dataset)[1].peak_mb is None  # type: ignore[arg-type]
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(resources, "_CLEAR", tmp_path / "folder")
    assert fit_with_cost(Hungry(1), tiny_dataset)[1].peak_mb is None  # type: ignore[arg-type]


def test_lists_are_timed_for_users_at_even_distances() -> None:
    class Counting:
        def __init__(self) -> None:
            self.asked: list[tuple[int, int]] = []

        def recommend(self, user_id: int, k: int) -> None:
            self.asked.append((user_id, k))

    model = Counting()
    assert list_milliseconds(model, np.arange(10), 5) >= 0  # type: ignore[arg-type]
    assert model.asked == [(0, 10), (2, 10), (4, 10), (6, 10), (8, 10)]
    few = Counting()
    list_milliseconds(few, np.arange(3), 5)  # type: ignore[arg-type]
    assert len(few.asked) == 3
