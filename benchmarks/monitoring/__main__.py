"""What monitoring costs, and whether it cries wolf.

    python -m benchmarks.monitoring
    python -m benchmarks.monitoring --part decision --part distances

*throughput*: the server of ``benchmarks.serving`` with profiling and without it, in turns on the
same cores as the load generator; the median of the turns counts. *profiling*: a million events and
their lists through a worker's queue into profiles; processor time of the profiler, and what a
request pays for the queue. *decision*: windows drawn by chance, without drift, with one step, and
swinging about the threshold. *distances*: sketches against the raw values. *day*: the pipeline on
a day of a million events, as a process from its start to its end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.monitoring import day, decisions, profiling, sketched, throughput
from benchmarks.report import Check, at_least, at_most, emit, say

#: Measures and their bounds, by name.
PARTS: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    "decision": lambda _, options: decisions.measure(options.windows),
    "distances": lambda *_: sketched.measure(),
    "profiling": lambda root, options: profiling.measure(root, options.events),
    "throughput": lambda root, options: throughput.measure(root, options.seconds),
    "day": lambda root, options: day.measure(root, options.events),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    figures = {}
    with tempfile.TemporaryDirectory(prefix="movie-roulette-") as work:
        for name in options.part or PARTS:
            say(name)
            figures[name] = PARTS[name](Path(work) / name, options)
    return emit(figures, checks_of(figures), check=options.check)


def checks_of(figures: dict[str, Any]) -> list[Check]:
    """Return the figures that were promised, of the parts that were measured."""
    checks: list[Check] = []
    if (found := figures.get("decision")) is not None:
        checks += [
            at_most("triggers_without_drift", found["without_drift"]["triggers"], 0),
            at_most("triggers_of_one_step", found["step"]["triggers"], 1),
            at_least("triggers_of_one_step_at_least", found["step"]["triggers"], 1),
            at_most("windows_from_step_to_trigger", found["step"]["windows_until"], 4),
            at_most("triggers_in_a_cooldown", found["oscillation"]["most_in_a_cooldown"], 1),
        ]
    if (found := figures.get("distances")) is not None:
        checks.append(at_most("distance_error", found["largest"], 0.02))
    if (found := figures.get("profiling")) is not None:
        checks += [
            at_most("core_share_of_the_events_an_hour", found["core_share"], 0.1),
            at_most("microseconds_of_a_request", found["request_microseconds"], 50.0),
        ]
    if (found := figures.get("throughput")) is not None:
        checks.append(at_most("throughput_lost", found["lost"], 0.05))
    if (found := figures.get("day")) is not None:
        checks.append(at_most("pipeline_seconds", found["pipeline_seconds"], 60.0))
    return checks


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitoring", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--part", action="append", choices=list(PARTS), help="repeatable")
    parser.add_argument("--events", type=int, default=1_000_000, help="of an hour, and of a day")
    parser.add_argument("--windows", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each turn of the load")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
