"""The measures of ``python -m benchmarks.serving``, each over servers that run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving.bundles import Published
from benchmarks.serving.load import Plan, begin, finish, send
from benchmarks.serving.requests import events_of, list_of, visitor
from benchmarks.serving.servers import (
    ONE_THREAD,
    ROOT,
    Running,
    answers,
    free_port,
    running,
    start_server,
)

_ROUNDS = 5
_CONNECTIONS = 8
_COMMUNITY = 2000
_WARM_TURNS = 5
_SWAPS = 20
_OVERLOAD = 5
#: Makes MLflow's form of a bundle: where, and of which.
_SAVE_MODEL = """
import sys, mlflow.pyfunc
from tracking import model_log
mlflow.pyfunc.save_model(
    sys.argv[1], python_model=str(model_log._CODE), artifacts={"bundle": sys.argv[2]},
    signature=model_log.signature(), code_paths=["recommender"], pip_requirements=[],
)
"""


def in_turns(
    server: Running, other: Running, published: Published, rng: np.random.Generator, seconds: float
) -> dict[str, Any]:
    """Return known users, returning and first, and the bare endpoint, each measured in turns."""
    community = rng.permutation(published.n_users)[: min(_COMMUNITY, published.n_users // 4)] + 1
    drawn = (community.size * rng.random(20_000) ** 3).astype(int)
    returning = [list_of(user) for user in community[drawn].tolist()]
    others = np.setdiff1d(np.arange(1, published.n_users + 1), community)
    firsts = [list_of(user) for user in rng.permutation(others).tolist()]
    nothing = [("GET", f"/bare/{user}", "") for user in range(1, 1000)]
    # The pages of the bundle are in memory and most lists of the community in the cache, as after
    # an hour of service.
    send(Plan(server.port, returning, _CONNECTIONS, _WARM_TURNS * seconds))
    shares = []
    turns: dict[str, list[dict[str, Any]]] = {"bare": [], "returning": [], "first": []}
    share = len(firsts) // _ROUNDS
    for turn in range(_ROUNDS):
        some = firsts[turn * share : (turn + 1) * share]
        for name, asked, requests in (
            ("bare", other, nothing),
            ("returning", server, returning),
            ("first", server, some),
        ):
            before = cache(server) if name == "returning" else None
            busy = asked.processor_seconds()
            seen = send(Plan(asked.port, requests, _CONNECTIONS, seconds))
            busy = asked.processor_seconds() - busy
            seen["cpu_ms"] = 1000.0 * busy / sum(seen["statuses"].values())
            turns[name].append(seen)
            if before is not None:
                shares.append(_share_of_hits(before, cache(server)))
    found: dict[str, Any] = {name: _median(seen) for name, seen in turns.items()}
    for name in ("returning", "first"):
        pairs = list(zip(turns[name], turns["bare"], strict=True))
        found[name]["of_bare"] = _middle([a["per_second"] / b["per_second"] for a, b in pairs])
        found[name]["p99_of_bare"] = _middle([a["p99_ms"] / b["p99_ms"] for a, b in pairs])
    found["returning"]["hit_rate"] = _middle(shares)
    return found


def cache(server: Running) -> dict[str, float]:
    """Return the share of lists that were in the cache, as the server's metrics have it."""
    time.sleep(1.0)
    hits, misses = (_metric(server, f"roulette_cache_{name}_total") for name in ("hits", "misses"))
    return {"hits": hits, "misses": misses, "hit_rate": round(hits / (hits + misses), 3)}


def fold_in(
    server: Running, published: Published, rng: np.random.Generator, seconds: float
) -> dict[str, Any]:
    """Return lists of anonymous visitors, each with a history of their own, 100 a second."""
    rate = 100.0
    sizes = rng.choice((1, 5, 20), int(rate * seconds) + 200)
    requests = [visitor(rng, published.n_movies, int(size)) for size in sizes]
    send(Plan(server.port, requests[:200], _CONNECTIONS, 2.0, rate))
    return _plain(send(Plan(server.port, requests[200:], 32, seconds, rate)))


def events(
    server: Running,
    published: Published,
    rng: np.random.Generator,
    *,
    n_each: int,
    connections: int,
    seconds: float,
) -> dict[str, Any]:
    """Return events that were acknowledged a second, ``n_each`` a request."""
    most = int(2500 * seconds) // (1 if n_each == 1 else 10)
    requests = [events_of(rng, published, n_each) for _ in range(most)]
    seen = send(Plan(server.port, requests, connections, seconds))
    return {**_plain(seen), "events_per_second": round(n_each * seen["per_second"], 1)}


def overload(
    server: Running, published: Published, rng: np.random.Generator, seconds: float
) -> dict[str, Any]:
    """Return what becomes of five times as many requests at once as are let in."""
    room = 64 * (os.cpu_count() or 1)
    users = rng.integers(1, published.n_users + 1, 20_000).tolist()
    requests = [list_of(user) for user in users]
    usual = send(Plan(server.port, requests, room // 2, seconds))
    seen = send(Plan(server.port, requests, _OVERLOAD * room, 2 * seconds))
    after = send(Plan(server.port, requests, _CONNECTIONS, seconds))
    return {**_plain(seen), "usual": _plain(usual), "after": _plain(after)}


def swaps(server: Running, published: Published, rng: np.random.Generator) -> dict[str, Any]:
    """Return what becomes of requests while the model is swapped twenty times."""
    users = rng.integers(1, published.n_users + 1, 300).tolist()
    requests = [list_of(user) for user in users]
    load = begin(Plan(server.port, requests, _CONNECTIONS, seconds=2.0 * _SWAPS, keep_answers=True))
    for swap in range(_SWAPS):
        time.sleep(1.8)
        published.point_to((swap + 1) % 2)
    seen = finish(load)
    lists: dict[tuple[str, str], set[str]] = {}
    answers_of = {"1": 0, "2": 0}
    for path, version, digest, n_answers in seen["answers"]:
        lists.setdefault((path, version), set()).add(digest)
        answers_of[version] = answers_of.get(version, 0) + n_answers
    failed = sum(n for status, n in seen["statuses"].items() if status != "200")
    versions_apart = {path for path, _ in lists}
    return {
        **_plain(seen),
        "failed": failed,
        "mixed": sum(len(digests) - 1 for digests in lists.values()),
        "same_list_of_both": sum(
            lists.get((path, "1")) == lists.get((path, "2")) for path in versions_apart
        ),
        "answers_of_each_version": answers_of,
        "swaps": _metric(server, 'roulette_model_events_total{kind="swapped"}'),
    }


def worker_start(folder: Path) -> float:
    """Return the seconds from a worker's death to the first list of the one in its place."""
    took = []
    with start_server(folder, MOVIE_ROULETTE_WEB__WORKERS="1") as server:
        for _ in range(_ROUNDS):
            time.sleep(0.5)
            (worker,) = server.workers()
            begun = time.perf_counter()
            os.kill(worker, signal.SIGKILL)
            while not answers(server.port, "/v1/recommendations/1?k=20"):
                time.sleep(0.005)
            took.append(time.perf_counter() - begun)
    return _middle(took)


def mlflow_serving(root: Path, published: Published, seconds: float) -> dict[str, Any]:
    """Return known users by ``mlflow models serve`` of the same bundle, with as many workers."""
    model, port = root / "mlflow-model", free_port()
    command = [sys.executable, "-c", _SAVE_MODEL, str(model), str(published.bundle(0))]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    arguments = (
        *("-m", "mlflow", "models", "serve", "--model-uri", str(model), "--env-manager", "local"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(os.cpu_count() or 1)),
    )
    # MLflow starts uvicorn by its name.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    body = json.dumps({"dataframe_records": [{"user_id": 7}], "params": {"k": 20}})
    environ = {**ONE_THREAD, "PATH": path}
    with running(root / "mlflow", arguments, ready="/ping", environ=environ, port=port) as server:
        requests = [
            ("POST", "/invocations", body.replace("7", str(user)))
            for user in range(1, published.n_users, 97)
        ]
        send(Plan(server.port, requests, _CONNECTIONS, seconds))
        return _plain(send(Plan(server.port, requests, _CONNECTIONS, 2 * seconds)))


def _share_of_hits(before: dict[str, float], after: dict[str, float]) -> float:
    hits, misses = (after[name] - before[name] for name in ("hits", "misses"))
    return hits / (hits + misses)


def _metric(server: Running, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line[len(name) :]) for line in lines if line.startswith(f"{name} "))


def _median(seen: Sequence[dict[str, Any]]) -> dict[str, Any]:
    statuses: dict[str, int] = {}
    for one in seen:
        for status, n in one["statuses"].items():
            statuses[status] = statuses.get(status, 0) + n
    names = ("per_second", "p50_ms", "p99_ms", "cpu_ms")
    return {"statuses": statuses, **{name: _middle([one[name] for one in seen]) for name in names}}


def _plain(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in seen.items() if name != "answers"}


def _middle(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 3)
