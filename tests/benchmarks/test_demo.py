"""The parts of the demo; as a whole it is `make demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.demo.__main__ import by_period, checks
from benchmarks.demo.plot import plot_satisfaction
from benchmarks.demo.project import Command, Project, poison
from benchmarks.demo.story import Story, first_answer


def row(second: float, lists: int, ndcg: float) -> dict[str, Any]:
    return {
        "second": second,
        "lists": lists,
        "ndcg": ndcg,
        "satisfaction": ndcg / 2,
        "regret": 0.1,
        "taste": 3.5,
    }


@pytest.fixture
def story() -> Story:
    timeline = [row(0, 10, 0.8), row(10, 30, 0.4), row(20, 10, 0.2), row(32, 5, 0.6)]
    drive = {"timeline": timeline, "failed_requests": 0}
    done = Command(0, {"retrain": True})
    return Story(
        training=done,
        calm=Command(0, {"retrain": False}),
        alarmed=done,
        poisoned=Command(3, {}),
        drive=drive,
        moments={"shift": 10.0, "swap": 30.0},
        versions=("1", "2"),
        production_kept=True,
        alerts=[{"message": "bad"}],
    )


def test_the_swap_is_when_the_new_version_first_answered() -> None:
    timeline = [
        {"second": at, "model_versions": found} for at, found in ((0, ["1"]), (9, ["1", "2"]))
    ]
    assert first_answer(timeline, "2") == 9.0
    assert first_answer(timeline, "3") == 9.0


def test_lists_count_by_the_period_in_which_they_were_shown(story: Story) -> None:
    found = by_period(story)
    assert found["before"]["ndcg"] == 0.8
    assert found["during"]["ndcg"] == pytest.approx(0.35)
    assert found["after"]["ndcg"] == 0.6


def test_what_went_wrong_fails_its_check(story: Story) -> None:
    assert all(check.ok for check in checks(story, 400.0))
    late = checks(story, 700.0)
    assert [check.name for check in late if not check.ok] == ["seconds"]
    story.drive["failed_requests"] = 1
    story.alerts.clear()
    failed = [check.name for check in checks(story, 400.0) if not check.ok]
    assert failed == ["failed_requests", "alerts_of_poison"]


def test_poison_doubles_the_stars_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "data"
    source.mkdir()
    (source / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,2,3.5,4\n")
    (source / "movies.csv").write_text("movieId,title,genres\n")
    poison(source, tmp_path / "poisoned")
    assert (tmp_path / "poisoned" / "ratings.csv").read_text().splitlines()[1] == "1,2,7.0,4"
    assert (tmp_path / "poisoned" / "movies.csv").read_text() == "movieId,title,genres\n"


def test_the_demo_touches_no_store_but_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://registry.example.org")
    found = Project(tmp_path, 15).variables()
    assert "MLFLOW_TRACKING_URI" not in found
    assert found["MOVIE_ROULETTE_VAR"] == str(tmp_path)


def test_the_plot_is_a_picture(story: Story, tmp_path: Path) -> None:
    file = plot_satisfaction(story, tmp_path / "s.png")
    assert file.read_bytes().startswith(b"\x89PNG")
