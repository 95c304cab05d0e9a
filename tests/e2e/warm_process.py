"""A process that has loaded the pipelines and their libraries, and forks one for each run.

Loading takes longer than many a run. It reads one JSON object a line from standard input: what to
run, the arguments, and a folder. There the run's output goes, its process id, and at its end its
status. It ends when standard input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import environment

#: What the runs load at some time; no store or connection is opened by it.
LIBRARIES = (
    "pipelines.command",
    "pipelines.training",
    "pipelines.comparison",
    "pipelines.tuning",
    "pipelines.rollback",
    "recommender.models.scorers",
    "expectations.validation",
    "expectations.report",
    "great_expectations.expectations.core",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store",
    "zenml.zen_stores.sql_zen_store",
    "matplotlib.pyplot",
    "tests.e2e.kill_in_step",
    "tests.e2e.run_many",
    "tests.e2e.registry_state",
)


def load() -> None:
    """Import everything, as a run would."""
    environment.apply()
    # ZenML imports all its integrations, one of which points numba's cache elsewhere.
    numba_cache = os.environ["NUMBA_CACHE_DIR"]
    for name in LIBRARIES:
        importlib.import_module(name)
    os.environ["NUMBA_CACHE_DIR"] = numba_cache


def serve() -> None:
    """Fork a run for each line, and wait for all of them when there are no more."""
    guards = []
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            guard(asked)
        guards.append(pid)
    for pid in guards:
        os.waitpid(pid, 0)


def guard(asked: dict[str, Any]) -> None:
    """Fork the run itself, and write down how it ends."""
    folder = Path(asked["folder"])
    pid = os.fork()
    if pid == 0:
        become(folder)
        sys.exit(importlib.import_module(asked["module"]).main(asked["arguments"]))
    write(folder / "pid", str(pid))
    _, status = os.waitpid(pid, 0)
    write(folder / "status", str(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def become(folder: Path) -> None:
    """Make this the process of a run, with input and output of its own."""
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, str(folder / "stdout"), os.O_WRONLY | os.O_CREAT),
        (2, str(folder / "stderr"), os.O_WRONLY | os.O_CREAT),
    ):
        descriptor = os.open(name, flags)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.setsid()


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    work = file.with_suffix(".part")
    work.write_text(text)
    work.rename(file)


if __name__ == "__main__":
    load()
    serve()
