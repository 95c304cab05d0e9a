"""Obeys one command line: plans, runs, shows the result, and turns errors into exit codes."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from typing import Any

from rich.console import Console

from pipelines.console import (
    ProgressBars,
    person_console,
    show_error,
    show_plan,
    show_rollback,
    show_training,
)
from pipelines.plan import Plan, make_plan
from recommender.errors import RouletteError

INTERRUPTED = 130
_QUIETED = ("zenml", "great_expectations", "mlflow", "alembic")


def run(arguments: argparse.Namespace) -> int:
    """Run the pipeline that ``arguments`` ask for and return the exit code."""
    console = person_console()
    if not arguments.verbose:
        # A failed step is shown once, in the project's own words.
        for name in _QUIETED:
            logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return _run(arguments, console)
    except RouletteError as error:
        _print_json({"error": str(error), "exit_code": error.exit_code}, arguments)
        show_error(console, error)
        return error.exit_code
    except KeyboardInterrupt:
        console.print("interrupted: nothing was promoted")
        return INTERRUPTED


def _run(arguments: argparse.Namespace, console: Console) -> int:
    plan = make_plan(arguments)
    if plan.dry_run:
        _print_json({"plan": dict(plan.rows())}, arguments)
        show_plan(console, plan)
        return 0
    # Imported now: these take seconds, which a mistaken command line need not wait for.
    if plan.pipeline == "rollback":
        from pipelines.rollback import roll_back  # noqa: PLC0415

        changed = roll_back(plan.config.registry)
        _print_json(changed.to_dict(), arguments)
        show_rollback(console, changed)
        return 0
    return _train(plan, arguments, console)


def _train(plan: Plan, arguments: argparse.Namespace, console: Console) -> int:
    from pipelines.training import train  # noqa: PLC0415

    with ProgressBars(console).running():
        outcome = train(plan)
    _print_json(outcome.to_dict(), arguments)
    show_training(console, outcome)
    return outcome.exit_code


def _print_json(tree: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.json:
        sys.stdout.write(json.dumps(tree, indent=2) + "\n")
