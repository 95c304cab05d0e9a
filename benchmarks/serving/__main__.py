"""What the server bears on this machine, at the size of MovieLens 25M.

    python -m benchmarks.serving
    python -m benchmarks.serving --movies 6000 --users 15000 --seconds 2

The server runs as `make serve` starts it, without the publisher, over a bundle of realistic shapes
and random content; the load generator runs beside it on the same cores. Known users are asked for
in turns with a bare Flask endpoint under the same gunicorn, and the median of the turns counts:
*returning* users are drawn by a power law from a community of 2,000, as a page that is loaded
again asks, so that many of their lists are in the cache; *first* requests are of users who were
not asked for before, so that every list is made. Overload is five times the connections of which
requests are let in at once. Private memory is what ``/proc/PID/smaps`` counts as private outside
the files of the bundle, after all of that.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recommend import private_megabytes
from benchmarks.report import Check, at_least, at_most, emit, say
from benchmarks.serving.bundles import Published, publish_two
from benchmarks.serving.load import Plan, begin, finish, send
from benchmarks.serving.servers import ROOT, Running, answers, free_port, running

Request = tuple[str, str, str]
_READY = "/health/ready"
_SERVE = ("-m", "serving", "--without-publisher")
_BARE = ("-m", "benchmarks.serving.bare")
_ROUNDS = 5
_CONNECTIONS = 8
_COMMUNITY = 2000
_SWAPS = 20
_BATCH = 100
_OVERLOAD = 5
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: Makes MLflow's form of a bundle: where, and of which.
_SAVE_MODEL = """
import sys, mlflow.pyfunc
from tracking import model_log
mlflow.pyfunc.save_model(
    sys.argv[1], python_model=str(model_log._CODE), artifacts={"bundle": sys.argv[2]},
    signature=model_log.signature(), code_paths=["recommender"], pip_requirements=[],
)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="movie-roulette-") as work:
        root = Path(work)
        say("writing the bundles")
        published = publish_two(root / "server", options.movies, options.users)
        figures = measure(root, published, options.seconds)
        if not options.without_mlflow:
            figures["mlflow"] = mlflow_serving(root, published, options.seconds)
    figures = {
        "movies": options.movies,
        "users": options.users,
        "bundle_mb": published.megabytes,
        **figures,
    }
    return emit(figures, checks_of(figures), check=options.check)


def measure(root: Path, published: Published, seconds: float) -> dict[str, Any]:
    """Return what the server does, measure by measure."""
    rng = np.random.default_rng(3)
    serving = {"command": _SERVE, "ready": _READY, "environ": _ONE_THREAD}
    bare = {"command": _BARE, "ready": "/bare/1", "environ": _ONE_THREAD}
    figures: dict[str, Any] = {}
    with running(root / "server", **serving) as server, running(root / "bare", **bare) as other:
        say("known users, in turns with the bare endpoint")
        figures |= in_turns(server, other, published, rng, seconds)
        figures["cache"] = cache(server)
        say("anonymous visitors")
        figures["fold_in"] = fold_in(server, published, rng, 3 * seconds)
        say("events")
        figures["events_single"] = events(server, published, rng, 1, 16, seconds)
        figures["events_batched"] = events(server, published, rng, _BATCH, 4, seconds)
        say("overload")
        figures["overload"] = overload(server, published, rng, seconds)
        say("swaps")
        figures["swaps"] = swaps(server, published, rng)
        memory = [
            private_megabytes(published.folder.root, Path(f"/proc/{pid}/smaps"))
            for pid in server.workers()
        ]
        figures["private_mb_of_each_worker"] = memory
    say("start of a worker")
    figures["worker_start_seconds"] = worker_start(root / "server", serving)
    return figures


def in_turns(
    server: Running, other: Running, published: Published, rng: np.random.Generator, seconds: float
) -> dict[str, Any]:
    """Return known users, returning and first, and the bare endpoint, each measured in turns."""
    community = rng.permutation(published.n_users)[:_COMMUNITY] + 1
    drawn = (_COMMUNITY * rng.random(20_000) ** 3).astype(int)
    returning = [_list_of(user) for user in community[drawn].tolist()]
    others = np.setdiff1d(np.arange(1, published.n_users + 1), community)
    firsts = [_list_of(user) for user in rng.permutation(others).tolist()]
    nothing = [("GET", f"/bare/{user}", "") for user in range(1, 1000)]
    # The pages of the bundle are in memory, as after an hour of service.
    send(Plan(server.port, returning, _CONNECTIONS, 2 * seconds))
    turns: dict[str, list[dict[str, Any]]] = {"bare": [], "returning": [], "first": []}
    share = len(firsts) // _ROUNDS
    for turn in range(_ROUNDS):
        some = firsts[turn * share : (turn + 1) * share]
        for name, port, requests in (
            ("bare", other.port, nothing),
            ("returning", server.port, returning),
            ("first", server.port, some),
        ):
            turns[name].append(send(Plan(port, requests, _CONNECTIONS, seconds)))
    found: dict[str, Any] = {name: _median(seen) for name, seen in turns.items()}
    for name in ("returning", "first"):
        pairs = list(zip(turns[name], turns["bare"], strict=True))
        found[name]["of_bare"] = _middle([a["per_second"] / b["per_second"] for a, b in pairs])
        found[name]["p99_of_bare"] = _middle([a["p99_ms"] / b["p99_ms"] for a, b in pairs])
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
    requests = [_visitor(rng, published.n_movies, int(size)) for size in sizes]
    send(Plan(server.port, requests[:200], _CONNECTIONS, 2.0, rate))
    return _plain(send(Plan(server.port, requests[200:], 32, seconds, rate)))


def events(
    server: Running,
    published: Published,
    rng: np.random.Generator,
    n_each: int,
    connections: int,
    seconds: float,
) -> dict[str, Any]:
    """Return events that were acknowledged a second, ``n_each`` a request."""
    most = int(2500 * seconds) // (1 if n_each == 1 else 10)
    requests = [_events(rng, published, n_each) for _ in range(most)]
    seen = send(Plan(server.port, requests, connections, seconds))
    return {**_plain(seen), "events_per_second": round(n_each * seen["per_second"], 1)}


def overload(
    server: Running, published: Published, rng: np.random.Generator, seconds: float
) -> dict[str, Any]:
    """Return what becomes of five times as many requests at once as are let in."""
    room = 64 * (os.cpu_count() or 1)
    users = rng.integers(1, published.n_users + 1, 20_000).tolist()
    requests = [_list_of(user) for user in users]
    usual = send(Plan(server.port, requests, room // 2, seconds))
    seen = send(Plan(server.port, requests, _OVERLOAD * room, 2 * seconds))
    after = send(Plan(server.port, requests, _CONNECTIONS, seconds))
    return {**_plain(seen), "usual": _plain(usual), "after": _plain(after)}


def swaps(server: Running, published: Published, rng: np.random.Generator) -> dict[str, Any]:
    """Return what becomes of requests while the model is swapped twenty times."""
    users = rng.integers(1, published.n_users + 1, 300).tolist()
    requests = [_list_of(user) for user in users]
    load = begin(
        Plan(server.port, requests, _CONNECTIONS, seconds=2.0 * _SWAPS, keep_answers=True)
    )
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


def worker_start(folder: Path, serving: dict[str, Any]) -> float:
    """Return the seconds from a worker's death to the first list of the one in its place."""
    environ = {**serving["environ"], "MOVIE_ROULETTE_WEB__WORKERS": "1"}
    took = []
    with running(folder, **{**serving, "environ": environ}) as server:
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
    say("mlflow models serve")
    command = [sys.executable, "-c", _SAVE_MODEL, str(model), str(published.bundle(0))]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    arguments = (
        *("-m", "mlflow", "models", "serve", "--model-uri", str(model), "--env-manager", "local"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(os.cpu_count() or 1)),
    )
    body = json.dumps({"dataframe_records": [{"user_id": 7}], "params": {"k": 20}})
    with running(
        root / "mlflow", arguments, ready="/ping", environ=_ONE_THREAD, port=port
    ) as server:
        requests = [
            ("POST", "/invocations", body.replace("7", str(user)))
            for user in range(1, published.n_users, 97)
        ]
        send(Plan(server.port, requests, _CONNECTIONS, seconds))
        return _plain(send(Plan(server.port, requests, _CONNECTIONS, 2 * seconds)))


def checks_of(figures: dict[str, Any]) -> list[Check]:
    """Return the figures that were promised."""
    refused = figures["overload"]["statuses"]
    others = sum(n for status, n in refused.items() if status not in ("200", "503"))
    checks = [
        at_least("returning_users_of_bare", figures["returning"]["of_bare"], 0.6),
        at_most("returning_users_p99_of_bare", figures["returning"]["p99_of_bare"], 3.0),
        at_most("fold_in_p99_ms", figures["fold_in"]["p99_ms"], 20.0),
        at_least("events_batched", figures["events_batched"]["events_per_second"], 2000.0),
        at_least("events_single", figures["events_single"]["events_per_second"], 500.0),
        at_most("worker_start_seconds", figures["worker_start_seconds"], 1.5),
        at_most("private_mb", max(figures["private_mb_of_each_worker"]), 150.0),
        at_most("swaps_failed", figures["swaps"]["failed"], 0),
        at_most("swaps_mixed", figures["swaps"]["mixed"], 0),
        at_least("swaps_done", figures["swaps"]["swaps"], _SWAPS),
        at_most("overload_neither_answered_nor_refused", others, 0),
        at_least("overload_refused", refused.get("503", 0), 1),
        at_most("overload_p99_ms", figures["overload"]["p99_ms"], 1000.0),
    ]
    if "mlflow" in figures:
        times = figures["returning"]["per_second"] / figures["mlflow"]["per_second"]
        checks.append(at_least("times_mlflow_models_serve", round(times, 1), 10.0))
    return checks


def _list_of(user: int) -> Request:
    return ("GET", f"/v1/recommendations/{user}?k=20", "")


def _visitor(rng: np.random.Generator, n_movies: int, n_rated: int) -> Request:
    movies = rng.choice(n_movies, n_rated, replace=False) + 1
    ratings = [
        {"movie_id": int(movie), "rating": int(rng.integers(1, 11)) / 2.0} for movie in movies
    ]
    return ("POST", "/v1/recommendations", json.dumps({"ratings": ratings, "k": 20}))


_NUMBERS = count(1)


def _events(rng: np.random.Generator, published: Published, n_each: int) -> Request:
    now = datetime.now(UTC).isoformat()
    made = [
        {
            "event_id": f"benchmark-{next(_NUMBERS)}",
            "kind": "click",
            "user_id": int(rng.integers(1, published.n_users)),
            "movie_id": int(rng.integers(1, published.n_movies)),
            "occurred_at": now,
        }
        for _ in range(n_each)
    ]
    return ("POST", "/v1/events", json.dumps(made if n_each > 1 else made[0]))


def _metric(server: Running, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line[len(name) :]) for line in lines if line.startswith(f"{name} "))


def _median(seen: Sequence[dict[str, Any]]) -> dict[str, Any]:
    statuses: dict[str, int] = {}
    for one in seen:
        for status, n in one["statuses"].items():
            statuses[status] = statuses.get(status, 0) + n
    names = ("per_second", "p50_ms", "p99_ms")
    return {"statuses": statuses, **{name: _middle([one[name] for one in seen]) for name in names}}


def _plain(seen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in seen.items() if name != "answers"}


def _middle(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 3)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--movies", type=int, default=60_000)
    parser.add_argument("--users", type=int, default=150_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn")
    parser.add_argument("--without-mlflow", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
