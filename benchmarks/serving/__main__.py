"""What the server bears on this machine, at the size of MovieLens 25M.

    python -m benchmarks.serving
    python -m benchmarks.serving --movies 6000 --users 15000 --seconds 2

The server runs as `make serve` starts it, without the publisher, over a bundle of realistic shapes
and random content; the load generator runs beside it on the same cores. Known users are asked for
in turns with a bare Flask endpoint under the same gunicorn, and the median of the turns counts:
*returning* users are drawn by a power law from a community of 2,000, as a page that is loaded
again asks, so that most of their lists are in the cache, and answered ahead of Flask
(`serving.repeated`); *first* requests are of users who were not asked for before, so that every
list is made, and every answer goes through Flask. Before the first turn the returning users ask
for five turns, and ``hit_rate`` is the share of their lists that were in the cache from then on.
``cpu_ms`` is the processor's time that the workers took for a request, which tells more on a
machine that others use too. Overload is five times the connections of which requests are let in at
once. Private memory is what ``/proc/PID/smaps`` counts as private outside the files of the bundle,
after all of that.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.recommend import private_megabytes
from benchmarks.report import Check, at_least, at_most, emit, say
from benchmarks.serving import measures
from benchmarks.serving.bundles import Published, publish_two
from benchmarks.serving.servers import start_bare, start_server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="movie-roulette-") as work:
        root = Path(work)
        say("writing the bundles")
        published = publish_two(root / "server", options.movies, options.users)
        figures = measure(root, published, options.seconds)
        if not options.without_mlflow:
            say("mlflow models serve")
            figures["mlflow"] = measures.mlflow_serving(root, published, options.seconds)
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
    figures: dict[str, Any] = {}
    with start_server(root / "server") as server, start_bare(root / "bare") as other:
        say("known users, in turns with the bare endpoint")
        figures |= measures.in_turns(server, other, published, rng, seconds)
        figures["cache"] = measures.cache(server)
        say("anonymous visitors")
        figures["fold_in"] = measures.fold_in(server, published, rng, 3 * seconds)
        say("events")
        figures["events_single"] = measures.events(
            server, published, rng, n_each=1, connections=16, seconds=seconds
        )
        figures["events_batched"] = measures.events(
            server, published, rng, n_each=100, connections=4, seconds=seconds
        )
        say("overload")
        figures["overload"] = measures.overload(server, published, rng, seconds)
        say("swaps")
        figures["swaps"] = measures.swaps(server, published, rng)
        memory = [
            private_megabytes(published.folder.root, Path(f"/proc/{pid}/smaps"))
            for pid in server.workers()
        ]
        figures["private_mb_of_each_worker"] = memory
    say("start of a worker")
    figures["worker_start_seconds"] = measures.worker_start(root / "server")
    return figures


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
        at_least("swaps_done", figures["swaps"]["swaps"], 20),
        at_most("overload_neither_answered_nor_refused", others, 0),
        at_least("overload_refused", refused.get("503", 0), 1),
        at_most("overload_p99_ms", figures["overload"]["p99_ms"], 1000.0),
    ]
    if "mlflow" in figures:
        times = figures["returning"]["per_second"] / figures["mlflow"]["per_second"]
        checks.append(at_least("times_mlflow_models_serve", round(times, 1), 10.0))
    return checks


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
