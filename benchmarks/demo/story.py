"""What happens in the demo, in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environment
from benchmarks.demo.project import Command, Project, poison, served_version
from benchmarks.report import say
from simulation.traffic.connection import Target
from simulation.traffic.drive import Drive
from simulation.traffic.scenario import SCENARIOS
from simulation.traffic.schedule import Traffic

#: A retraining that learns only of what came before the last fifth of all ratings would not know of
#: the shift: so smaller parts are held out.
_PARAMS = {"validation_share: 0.1": "validation_share: 0.03", "test_share: 0.1": "test_share: 0.03"}
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Pace:
    """How long each part of the demo is.

    Attributes:
        steady_seconds: Traffic before the shift.
        shifted_seconds: Traffic after it, before somebody looks for drift.
        after_seconds: Traffic that the new model gets.
        most_seconds: Traffic in all, whatever happens.
        rate: Visits a second.
        period_seconds: Length of a window.
    """

    steady_seconds: float = 75.0
    shifted_seconds: float = 75.0
    after_seconds: float = 45.0
    most_seconds: float = 520.0
    rate: float = 25.0
    period_seconds: int = 15


@dataclass(frozen=True)
class Story:
    """What happened.

    Attributes:
        training: The first training.
        calm: The round of monitoring before the shift.
        alarmed: The round after it, with the retraining.
        poisoned: The training on poisoned data.
        drive: What the simulated viewers saw and felt.
        moments: Seconds from the start of the traffic: of the shift, and of each version's first
            answer.
        versions: Served before and after the retraining.
        production_kept: Whether the poisoned data left production as it was.
        alerts: Alerts that the poisoned data raised.
    """

    training: Command
    calm: Command
    alarmed: Command
    poisoned: Command
    drive: dict[str, Any]
    moments: dict[str, float]
    versions: tuple[str | None, str | None]
    production_kept: bool
    alerts: list[dict[str, Any]]


def play(folder: Path, pace: Pace) -> Story:
    """Play the whole demo in a state folder and return what happened."""
    project = Project(folder, pace.period_seconds)
    params = _write_params(folder)
    training = project.run("--params", str(params))
    with project.served() as server:
        first = served_version(server.port)
        say(f"serving version {first} on http://127.0.0.1:{server.port}")
        drive = Drive(
            Target("127.0.0.1", server.port),
            Traffic(rate=pace.rate, seconds=pace.most_seconds, change_at=pace.steady_seconds),
            SCENARIOS["taste-shift"],
        )
        calm, alarmed, last = _under_traffic(drive, project, server.port, pace, params)
        before, known = project.production, len(project.alerts)
        poisoned = _train_on_poison(project)
        kept = project.production == before and served_version(server.port) == last
    seen = drive.report()
    return Story(
        training=training,
        calm=calm,
        alarmed=alarmed,
        poisoned=poisoned,
        drive=seen,
        moments={"shift": pace.steady_seconds, "swap": first_answer(seen["timeline"], last)},
        versions=(first, last),
        production_kept=kept,
        alerts=project.alerts[known:],
    )


def _under_traffic(
    drive: Drive, project: Project, port: int, pace: Pace, params: Path
) -> tuple[Command, Command, str | None]:
    viewers = threading.Thread(target=drive.run)
    begun = time.monotonic()
    viewers.start()
    try:
        _wait_until(lambda: time.monotonic() >= begun + pace.steady_seconds - 20.0)
        calm = _look(project, params)
        _wait_until(lambda: time.monotonic() >= begun + pace.steady_seconds + pace.shifted_seconds)
        say("the viewers' taste has shifted")
        before = served_version(port)
        alarmed = _look(project, params)
        deadline = time.monotonic() + 60.0
        _wait_until(lambda: served_version(port) != before or time.monotonic() > deadline)
        swapped = time.monotonic()
        last = served_version(port)
        say(f"version {last} serves")
        _wait_until(lambda: time.monotonic() >= swapped + pace.after_seconds)
    finally:
        drive.stop()
        viewers.join()
    return calm, alarmed, last


def first_answer(timeline: Sequence[Mapping[str, Any]], version: str | None) -> float:
    """Return when a version first answered, in seconds of traffic; its end if it never did."""
    found = (row["second"] for row in timeline if version in row["model_versions"])
    return float(next(found, timeline[-1]["second"] if timeline else 0.0))


def _look(project: Project, params: Path) -> Command:
    return project.run(
        "monitoring",
        *("--set", f"params={params}"),
        *("--set", "drift.grace_seconds=4"),
        # Windows of seconds hold few lists; and what an hour is else, is a window here.
        *("--set", "decision.min_samples=300"),
        *("--set", "decision.cooldown_hours=0"),
    )


def _train_on_poison(project: Project) -> Command:
    folder = project.folder / "poisoned"
    poison(environment.ROOT / "data", folder)
    return project.run("--dataset", "sample", "--data-path", str(folder))


def _write_params(folder: Path) -> Path:
    text = (environment.ROOT / "params.yaml").read_text(encoding="utf-8")
    for before, after in _PARAMS.items():
        text = text.replace(before, after)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "params.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def _wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(_LOOK_SECONDS)
