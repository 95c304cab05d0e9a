"""Obeys one command line: plans, runs, shows the result, and turns errors into exit codes."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TextIO

from rich.console import Console

import environment
from alerts.settings import AlertSettings
from monitoring.run_records import record_run
from pipelines.console import (
    ProgressBars,
    person_console,
    show_error,
    show_outcome,
    show_plan,
)
from pipelines.json_output import kept_stdout, write_json
from pipelines.outcome import Outcome
from pipelines.plan import Plan, make_plan
from recommender.errors import RouletteError

INTERRUPTED = 130
_QUIETED = ("zenml", "great_expectations", "mlflow", "alembic")
_INTERRUPTED = {
    "training": "interrupted: nothing was promoted",
    "comparison": "interrupted: nothing was compared",
    "tuning": "interrupted: the trials done are kept, and the same command goes on with the next",
    "rollback": "interrupted",
    "monitoring": "interrupted: the journal of decisions is whole, and the next round goes on",
}
_RUNNERS = {
    "training": ("pipelines.training", "train"),
    "comparison": ("pipelines.comparison", "compare"),
    "tuning": ("pipelines.tuning", "tune"),
    "rollback": ("pipelines.rollback", "roll_back"),
    "monitoring": ("pipelines.monitoring", "monitor"),
    "watch": ("pipelines.watching", "watch"),
}


def run(arguments: argparse.Namespace) -> int:
    """Run the pipeline that ``arguments`` ask for and return the exit code."""
    console = person_console()
    if not arguments.verbose:
        # A failed step is shown once, in the project's own words.
        for name in _QUIETED:
            logging.getLogger(name).setLevel(logging.CRITICAL)
    started = time.time()
    # The rounds of a watch are processes, each with a document of its own.
    alone = arguments.json and arguments.watch is None
    with kept_stdout() if alone else nullcontext() as document:
        code = _obey(arguments, console, document)
    if not arguments.dry_run and arguments.watch is None:
        _record(console, arguments.pipeline, started, code)
    return code


def _record(console: Console, pipeline: str, started: float, code: int) -> None:
    try:
        record_run(environment.state_dir() / "runs", pipeline, started, time.time(), code)
    except (OSError, ValueError) as error:
        # What it came to is told already; only the dashboards will not know.
        console.print(f"note: how the run ended could not be noted: {error}")


def _obey(arguments: argparse.Namespace, console: Console, document: TextIO | None) -> int:
    try:
        return _run(arguments, console, document)
    except RouletteError as error:
        if document is not None:
            write_json(document, {"error": str(error), "exit_code": error.exit_code})
        show_error(console, error)
        return error.exit_code
    except KeyboardInterrupt:
        console.print(_INTERRUPTED[arguments.pipeline])
        return INTERRUPTED


def _run(arguments: argparse.Namespace, console: Console, document: TextIO | None) -> int:
    plan = make_plan(arguments)
    # Now, since a failure is a bad moment to find out that nobody can be told of it.
    AlertSettings.load()
    if plan.dry_run:
        if document is not None:
            write_json(document, {"plan": dict(plan.rows())})
        show_plan(console, plan)
        return 0
    with ProgressBars(console).running():
        outcome = _runner("watch" if plan.watch_seconds is not None else plan.pipeline)(plan)
    if document is not None:
        write_json(document, outcome.to_dict())
    show_outcome(console, outcome)
    return outcome.exit_code


def _runner(pipeline: str) -> Callable[[Plan], Outcome]:
    """Return what runs ``pipeline``; its imports take seconds, which a mistaken line need not."""
    module, function = _RUNNERS[pipeline]
    # ZenML imports all its integrations, and that of Evidently points numba's cache at /tmp.
    numba_cache = os.environ["NUMBA_CACHE_DIR"]
    runner: Callable[[Plan], Outcome] = getattr(importlib.import_module(module), function)
    os.environ["NUMBA_CACHE_DIR"] = numba_cache
    return runner
