"""The throughput of the serving benchmark, with profiling and without it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving.bundles import publish_two
from benchmarks.serving.load import Plan, send
from benchmarks.serving.requests import list_of
from benchmarks.serving.servers import start_server

_MOVIES, _USERS, _COMMUNITY = 60_000, 150_000, 2000
_CONNECTIONS, _ROUNDS = 8, 7
#: Time in which a server has nothing to do, so that the profiler of the other one is at rest.
_REST_SECONDS = 6.0


def measure(root: Path, seconds: float) -> dict[str, Any]:
    """Return requests a second with and without profiling, and the share that profiling takes."""
    published = publish_two(root / "with", _MOVIES, _USERS)
    # Each server has a state folder of its own, and both the same models.
    (root / "without").mkdir()
    (root / "without" / "published").symlink_to(root / "with" / "published")
    rng = np.random.default_rng(3)
    community = rng.permutation(published.n_users)[:_COMMUNITY] + 1
    drawn = (community.size * rng.random(20_000) ** 3).astype(int)
    requests = [list_of(user) for user in community[drawn].tolist()]
    found: dict[str, list[float]] = {"with": [], "without": []}
    off = {"MOVIE_ROULETTE_PROFILING__ENABLED": "false"}
    quick = {"MOVIE_ROULETTE_PROFILING__PIECE_SECONDS": "1"}
    with (
        start_server(root / "with", **quick) as profiled,
        start_server(root / "without", **off) as bare,
    ):
        servers = {"with": profiled, "without": bare}
        for server in servers.values():
            send(Plan(server.port, requests, _CONNECTIONS, 2 * seconds))
        for turn in range(_ROUNDS):
            names = list(servers) if turn % 2 else list(reversed(servers))
            for name in names:
                time.sleep(_REST_SECONDS)
                seen = send(Plan(servers[name].port, requests, _CONNECTIONS, seconds))
                found[name].append(seen["per_second"])
    # Of each turn on its own: what else the machine does changes from turn to turn.
    ratios = np.array(found["with"]) / np.array(found["without"])
    return {
        "with_per_second": round(float(np.median(found["with"])), 1),
        "without_per_second": round(float(np.median(found["without"])), 1),
        "lost_of_each_turn": [round(1.0 - ratio, 4) for ratio in ratios.tolist()],
        "lost": round(1.0 - float(np.median(ratios)), 4),
    }
