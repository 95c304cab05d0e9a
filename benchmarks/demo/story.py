"""What happens in the demo, in order."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import environment
from benchmarks.demo.project import Command, Project, poison, served_version
from benchmarks.report import say
from recommender.errors import UsageError
from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import Simulation, simulate
from simulation.sample import write_sample
from simulation.traffic.connection import Target
from simulation.traffic.drive import Drive
from simulation.traffic.scenario import SCENARIOS
from simulation.traffic.schedule import Traffic

#: A retraining that learns only of what came before the last fifth of all ratings would not know of
#: the shift: so smaller parts are held out.
_PARAMS = {"validation_share": 0.03, "test_share": 0.03}
#: The same models with less training, for a demo that only has to show that the loop closes.
_QUICK = {
    **_PARAMS,
    **{"n_factors": 8, "n_epochs": 5, "nmf_epochs": 5, "ials_epochs": 3, "knn_neighbours": 50},
    **{"fm_iterations": 5, "fm_blend_iterations": 3, "ranking_cuts": 1, "ranking_folds": 1},
}
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Pace:
    """How long each part of the demo is, and how large its world.

    Attributes:
        steady_seconds: Traffic before somebody looks for the first time; then taste shifts.
        shifted_seconds: Traffic after that, before somebody looks for drift.
        after_seconds: Traffic that the new model gets.
        most_seconds: Traffic in all, whatever happens.
        rate: Visits a second.
        period_seconds: Length of a window.
        min_samples: Values below which a window of a column says nothing.
        watched: Columns whose drift is a cause, or ``None`` for those of the monitor's settings.
        world: Viewers and ratings of a world of their own, or ``None`` for the sample's.
        params: Hyper-parameters that differ from ``params.yaml``.
    """

    steady_seconds: float = 60.0
    shifted_seconds: float = 75.0
    after_seconds: float = 45.0
    most_seconds: float = 520.0
    rate: float = 25.0
    period_seconds: int = 15
    min_samples: int = 300
    watched: tuple[str, ...] | None = None
    world: SimulationParameters | None = None
    params: Mapping[str, float] = field(default_factory=lambda: dict(_PARAMS))


#: Everything happens in it, in shorter windows and a smaller world. There the few viewers have seen
#: most of what is popular, so that their steady visits already are unlike their history in how
#: active they are and how popular what they rate is: neither is watched.
SHORT = Pace(
    steady_seconds=12.0,
    shifted_seconds=17.0,
    after_seconds=4.0,
    most_seconds=240.0,
    rate=32.0,
    period_seconds=4,
    min_samples=350,
    watched=("rating", "rated_year"),
    world=SimulationParameters(n_users=400, n_ratings=16_000),
    params=_QUICK,
)


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
    stage = _set(folder, pace)
    training = project.run(*stage.arguments, "--params", str(stage.params))
    with project.served() as server:
        first = served_version(server.port)
        say(f"serving version {first} on http://127.0.0.1:{server.port}")
        drive = Drive(
            Target("127.0.0.1", server.port),
            Traffic(
                users=min(500, stage.world.viewers.parameters.n_users),
                rate=pace.rate,
                seconds=pace.most_seconds,
                change_at=pace.most_seconds,
            ),
            SCENARIOS["taste-shift"],
            world=stage.world,
        )
        acts = _under_traffic(drive, project, server.port, pace, stage)
    seen = drive.report()
    swap = first_answer(seen["timeline"], acts.last)
    return Story(
        training=training,
        calm=acts.calm,
        alarmed=acts.alarmed,
        poisoned=acts.poisoned,
        drive=seen,
        moments={"shift": round(acts.shift, 1), "swap": swap},
        versions=(first, acts.last),
        production_kept=acts.production_kept,
        alerts=acts.alerts,
    )


@dataclass(frozen=True)
class _Stage:
    """What the demo is played on: a world, its data, and the hyper-parameters."""

    world: Simulation
    data: Path
    arguments: tuple[str, ...]
    params: Path


def _set(folder: Path, pace: Pace) -> _Stage:
    catalogue = read_catalogue()
    params = _write_params(folder, pace.params)
    if pace.world is None:
        world = simulate(catalogue, SimulationParameters())
        return _Stage(world, environment.ROOT / "data", (), params)
    world, data = simulate(catalogue, pace.world), folder / "data"
    write_sample(world, catalogue, data)
    return _Stage(world, data, ("--dataset", "small", "--data-path", str(data)), params)


@dataclass(frozen=True)
class _Acts:
    """What happens under traffic; the fields are those of `Story`."""

    calm: Command
    shift: float
    alarmed: Command
    last: str | None
    poisoned: Command
    production_kept: bool
    alerts: list[dict[str, Any]]


def _under_traffic(drive: Drive, project: Project, port: int, pace: Pace, stage: _Stage) -> _Acts:
    viewers = threading.Thread(target=drive.run)
    begun = time.monotonic()
    viewers.start()
    try:
        time.sleep(pace.steady_seconds)
        calm = _look(project, pace, stage)
        drive.change()
        shift = time.monotonic() - begun
        say("the viewers' taste shifts")
        time.sleep(pace.shifted_seconds)
        before = served_version(port)
        alarmed = _look(project, pace, stage)
        deadline = time.monotonic() + 60.0
        _wait_until(lambda: served_version(port) != before or time.monotonic() > deadline)
        swapped, last = time.monotonic(), served_version(port)
        say(f"version {last} serves")
        production, known = project.production, len(project.alerts)
        poisoned = _train_on_poison(project, stage.data)
        kept = project.production == production and served_version(port) == last
        alerts = project.alerts[known:]
        _wait_until(lambda: time.monotonic() >= swapped + pace.after_seconds)
    finally:
        drive.stop()
        viewers.join()
    return _Acts(calm, shift, alarmed, last, poisoned, kept, alerts)


def first_answer(timeline: Sequence[Mapping[str, Any]], version: str | None) -> float:
    """Return when a version first answered, in seconds of traffic; its end if it never did."""
    found = (row["second"] for row in timeline if version in row["model_versions"])
    return float(next(found, timeline[-1]["second"] if timeline else 0.0))


def _look(project: Project, pace: Pace, stage: _Stage) -> Command:
    watched = () if pace.watched is None else ("--set", f"decision.watched={list(pace.watched)}")
    return project.run(
        "monitoring",
        *stage.arguments,
        *("--set", f"params={stage.params}"),
        *("--set", "drift.grace_seconds=4"),
        # Windows of seconds hold few lists; and what an hour is else, is a window here.
        *("--set", f"decision.min_samples={pace.min_samples}"),
        *("--set", "decision.cooldown_hours=0"),
        *watched,
    )


def _train_on_poison(project: Project, data: Path) -> Command:
    folder = project.folder / "poisoned"
    poison(data, folder)
    return project.run("--dataset", "sample", "--data-path", str(folder))


def _write_params(folder: Path, changed: Mapping[str, float]) -> Path:
    text = (environment.ROOT / "params.yaml").read_text(encoding="utf-8")
    for name, value in changed.items():
        text, count = re.subn(rf"^(\s+{name}:) .*$", rf"\g<1> {value}", text, flags=re.MULTILINE)
        if count != 1:
            raise UsageError("not one line of params.yaml", place=name, value=count)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "params.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def _wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(_LOOK_SECONDS)
