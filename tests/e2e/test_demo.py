"""The whole loop without hands, as `make demo` plays it, in shorter windows and a smaller world."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.demo.__main__ import by_period, checks
from benchmarks.demo.plot import plot_satisfaction
from benchmarks.demo.story import SHORT, play
from tests.e2e.pipeline_process import NUMBA_CACHE

# Alone on two cores it takes a minute and a half.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


def test_the_loop_closes_and_lets_nothing_bad_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(NUMBA_CACHE))
    story = play(tmp_path / "var", SHORT)
    # Steady traffic is compared, and is no cause.
    assert story.training.code == story.calm.code == story.alarmed.code == 0
    assert story.calm.result["windows"] > 0
    assert story.calm.result["causes"] == []
    # The shift is seen, and a model that has learned of it serves, without a failed request.
    assert set(story.alarmed.result["causes"]) == {"rating", "rated_year"}
    assert any("made a new production model" in note for note in story.alarmed.result["notes"])
    first, last = story.versions
    assert (first, last) == ("1", "2")
    served = [version for row in story.drive["timeline"] for version in row["model_versions"]]
    assert {"1", "2"} <= set(served)
    assert story.drive["failed_requests"] == 0, story.drive["failed"]
    # The poison is refused for what is wrong with it, production stays, and somebody is told.
    assert story.poisoned.code == 3
    assert "rating out of scale" in story.poisoned.result["error"]
    assert story.production_kept
    assert "rating out of scale" in story.alerts[0]["message"]
    # What the report of `make demo` promises, but for its time.
    assert [check.name for check in checks(story, 0.0) if not check.ok] == []
    # How the viewers truly felt is known for every part, and drawn.
    for name, period in by_period(story).items():
        assert 0.0 < period["ndcg"] <= 1.0, name
        assert period["regret"] > 0.0, name
    assert plot_satisfaction(story, tmp_path / "satisfaction.png").stat().st_size > 10_000
