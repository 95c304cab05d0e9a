"""What profiling costs the profiler, and what the queue costs a request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recommend import write_synthetic
from monitoring.folders import MonitoringFolders
from monitoring.observations import Observation
from monitoring.pieces import finished
from monitoring.profiler import Profiler
from monitoring.profiles import ProfileStore
from monitoring.settings import ProfilingSettings
from monitoring.spool import ShownList, Spool
from recommender.bundle import open_bundle
from recommender.inference import Recommender
from recommender.reference.facts import ModelFacts

_HOUR, _BEGIN = 3600.0, 1_700_000_000.0
_MOVIES, _USERS, _LENGTH = 20_000, 50_000, 20
#: Events of one list: what is done with it.
_EVENTS_OF_A_LIST = 10
#: What is handed over at once, as a worker does every ten seconds.
_PIECES = 360


def measure(root: Path, n_events: int) -> dict[str, Any]:
    """Return processor seconds for an hour of events and lists, and microseconds a request."""
    write_synthetic(root / "bundle", _MOVIES, _USERS)
    facts = ModelFacts(Recommender.from_bundle(open_bundle(root / "bundle")))
    folders = MonitoringFolders(root / "monitoring")
    settings = ProfilingSettings(lists_per_second=10**9, events_per_second=10**9, max_waiting=10**9)
    spool = Spool(folders.spools, settings)
    profiler = Profiler(folders.spools, ProfileStore(folders.profiles), lambda _: facts, settings)
    rng = np.random.default_rng(5)
    taken, cpu = [], 0.0
    for piece in range(_PIECES):
        rows = list(_requests(rng, piece, n_events // _PIECES))
        # A request puts a list, or an event; the thread that writes runs beside it.
        begun = time.perf_counter()
        for row in rows:
            if isinstance(row, ShownList):
                spool.put_list(row)
            else:
                spool.put(row)
        taken.append((time.perf_counter() - begun) / len(rows))
        spool.flush()
        before = time.process_time()
        profiler.run_once()
        cpu += time.process_time() - before
    spool.close()
    left = sum(1 for _ in finished(folders.spools))
    return {
        "events": n_events,
        "lists": n_events // _EVENTS_OF_A_LIST,
        "rows_profiled": profiler.counts["rows"],
        "pieces_left": left,
        "profiler_cpu_seconds": round(cpu, 1),
        "core_share": round(cpu / _HOUR, 4),
        "request_microseconds": round(float(np.median(taken)) * 1e6, 2),
        "request_microseconds_p99": round(float(np.quantile(taken, 0.99)) * 1e6, 2),
    }


def _requests(
    rng: np.random.Generator, piece: int, n_events: int
) -> Iterator[ShownList | Observation]:
    start = _BEGIN + piece * _HOUR / _PIECES
    kinds = rng.choice(["click", "watch", "rating"], n_events, p=[0.7, 0.2, 0.1])
    movies = rng.integers(1, _MOVIES + 1, n_events)
    users = rng.integers(1, _USERS + 1, n_events)
    for number in range(n_events):
        user = int(users[number])
        if number % _EVENTS_OF_A_LIST == 0:
            shown = rng.integers(1, _MOVIES + 1, _LENGTH).tolist()
            items = [{"movie_id": movie, "score": 0.5, "path": "personal"} for movie in shown]
            yield ShownList(start, "model", user, items, 3.0)
        value = 4.0 if kinds[number] == "rating" else 3.0
        yield Observation(kinds[number], start, "model", user, (int(movies[number]),), (), value)
