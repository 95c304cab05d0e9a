"""The steps of monitoring over a state folder in which nothing was served yet."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from events.migrate import migrate
from monitoring.settings import DecisionSettings, DriftSettings
from recommender.bundle import Bundle
from recommender.publication import PublishedFolder
from tests.serving.running import publish

NOW = 1_700_000_000.0


@pytest.fixture
def var(tmp_path: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOVIE_ROULETTE_VAR", str(tmp_path))
    monkeypatch.delenv("EVENTS_URL", raising=False)
    publish(PublishedFolder(tmp_path / "published"), tiny_bundle, "7")
    migrate(f"sqlite:///{tmp_path / 'events' / 'events.db'}")
    return tmp_path


def test_a_round_without_traffic_finds_nothing_and_is_kept(var: Path) -> None:
    from steps.collect_profiles import collect_profiles
    from steps.compute_drift import compute_drift
    from steps.decide_retraining import decide_retraining

    drift = asdict(DriftSettings())
    decision = {**asdict(DecisionSettings()), "watched": ["rating"]}
    profiles = collect_profiles.entrypoint(drift, NOW)
    assert profiles["windows"] == []
    found = compute_drift.entrypoint(profiles, drift, NOW)
    assert (found["version"], found["windows"]) == ("7", ())
    decided = decide_retraining.entrypoint(found, decision, False, {}, NOW, "run-1")
    assert (decided["number"], decided["retrain"]) == (1, False)
    asked = decide_retraining.entrypoint(found, decision, True, {}, NOW, "run-2")
    assert (asked["number"], asked["retrain"]) == (2, True)
