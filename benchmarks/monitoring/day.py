"""The monitoring pipeline on a day of events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import say
from benchmarks.serving.servers import ROOT
from events.migrate import migrate
from events.records import ServedList
from events.schema import Event, EventKind
from events.store import EventStore
from monitoring.folders import MonitoringFolders
from monitoring.observations import Observation
from monitoring.profile import published_models
from monitoring.profiler import Profiler
from monitoring.settings import ProfilingSettings
from monitoring.sources import OpenModel, Sources
from monitoring.spool import ShownList, Spool
from recommender.publication import PublishedFolder

_HOURS, _LENGTH, _EVENTS_OF_A_LIST, _BATCH = 24, 20, 10, 5000
_WORKERS = 2
#: What is drawn by chance differs from the sample; a retraining is not what is measured.
_CALM = ("--set", "decision.consecutive=1000")


def measure(root: Path, n_events: int) -> dict[str, Any]:
    """Return how long a round takes, from the start of the process to its end."""
    root.mkdir(parents=True)
    environ = os.environ | {"MOVIE_ROULETTE_VAR": str(root)}
    environ.pop("EVENTS_URL", None)
    say("training on the sample")
    _run(environ, "run_pipeline.py")
    _run(environ, "-m", "tracking.publish", "--once")
    say("writing a day")
    rows = _write_day(root, n_events)
    say("monitoring")
    begun = time.perf_counter()
    out = _run(environ, "run_pipeline.py", "monitoring", "--json", *_CALM)
    seconds = time.perf_counter() - begun
    outcome = json.loads(out)
    steps = {step["name"]: round(step["seconds"], 1) for step in outcome["steps"]}
    return {
        "events": n_events,
        "rows_profiled": rows,
        "windows": outcome["windows"],
        "pipeline_seconds": round(seconds, 1),
        "steps_seconds": steps,
    }


def _run(environ: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environ,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return done.stdout


def _write_day(root: Path, n_events: int) -> int:
    """Write the events, lists and profiles of the last whole hours, and return the rows."""
    url = f"sqlite:///{root / 'events' / 'events.db'}"
    migrate(url)
    begin = (int(time.time()) // 3600 - _HOURS) * 3600.0
    clock = [begin]
    published = PublishedFolder(root / "published")
    folders = MonitoringFolders(root / "monitoring")
    with closing(EventStore(url, clock=lambda: datetime.fromtimestamp(clock[0], UTC))) as store:
        model = Sources(folders, published, store).production()
        settings = ProfilingSettings(
            lists_per_second=10**9, events_per_second=10**9, max_waiting=10**9
        )
        spools = [Spool(folders.spools, settings) for _ in range(_WORKERS)]
        for number, batch in enumerate(_batches(model, n_events)):
            clock[0] = begin + number * _BATCH / n_events * _HOURS * 3600.0
            _put(store, spools[number % _WORKERS], model, batch, clock[0])
        for spool in spools:
            spool.close()
    profiles = Sources(folders, published, store).profiles
    profiler = Profiler(folders.spools, profiles, published_models(published), settings)
    profiler.run_once()
    return profiler.counts["rows"]


Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _batches(model: OpenModel, n_events: int) -> Iterator[Rows]:
    rng = np.random.default_rng(29)
    movies, users = model.recommender.movie_ids, model.recommender.user_ids
    for _ in range(n_events // _BATCH):
        n_lists = _BATCH // _EVENTS_OF_A_LIST
        shown = rng.choice(movies, (n_lists, _LENGTH))
        kinds = rng.choice(["click", "watch", "rating"], _BATCH, p=[0.8, 0.1, 0.1])
        yield rng.choice(users, n_lists), shown, kinds, rng.integers(1, 11, _BATCH) / 2.0


def _put(store: EventStore, spool: Spool, model: OpenModel, rows: Rows, now: float) -> None:
    users, shown, kinds, stars = rows
    digest, when = model.published.digest, datetime.fromtimestamp(now, UTC)
    lists, found = [], []
    for place, user in enumerate(users.tolist()):
        name = f"{now:.3f}-{place}"
        items = [{"movie_id": m, "score": 0.5, "path": "personal"} for m in shown[place].tolist()]
        lists.append(ServedList(name, when, user, "1", digest, {"k": _LENGTH}, 0, items))
        spool.put_list(ShownList(now, digest, user, items, 3.0))
        for event in range(_EVENTS_OF_A_LIST):
            at = place * _EVENTS_OF_A_LIST + event
            kind, movie = str(kinds[at]), int(shown[place, event])
            value = None if kind == "click" else float(stars[at])
            what = EventKind(kind)
            found.append(Event(f"{name}-{event}", what, user, movie, when, value, name, event))
            number_of = float(event) if kind == "click" else value
            spool.put(Observation(kind, now, digest, user, (movie,), (), number_of))  # type: ignore[arg-type]
    store.record_served(lists)
    store.append(found)
