"""A pipeline in small, in a process of its own, that can be told where to die."""

from __future__ import annotations

import importlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from recommender.bundle import open_bundle
from recommender.evaluation.gate import GateDecision, GateReason
from recommender.settings import RegistrySettings
from tracking.locks import LockTimes
from tracking.model_log import log_bundle
from tracking.promotion import ProductionModel, promote
from tracking.registry import Registry
from tracking.runs import open_run

# MLflow imports these late; the process from which the others are made has them at once.
for late in ("mlflow.pyfunc.model", "mlflow.store.tracking.sqlalchemy_store"):
    importlib.import_module(late)


def run(
    environment: Mapping[str, str],
    settings: RegistrySettings,
    bundle: Path,
    journal: Path,
    death: tuple[str, int] | None,
) -> None:
    """Open a run, log the bundle, register and promote it.

    Args:
        environment: Variables to set first.
        settings: Names the experiment and the model.
        bundle: What to log.
        journal: Gets a line when the decision begins, when it ends, and at the end of all.
        death: Method of the client and number of the call before which to kill this process.
    """
    os.environ.update(environment)
    if death is not None:
        die_before(*death)

    def decide(production: ProductionModel | None) -> GateDecision:
        against = None if production is None else production.version.version
        write(journal, f"begin {os.getpid()} {against}")
        time.sleep(0.5)
        write(journal, f"end {os.getpid()} {against}")
        return GateDecision(True, (GateReason("always", True, "a test"),))

    times = LockTimes(wait=120, beat=1, patience=20)
    registry = Registry(settings, cache=journal.parent / "child-cache", times=times)
    with open_run(settings, tags={}, description="a test") as opened:
        version = registry.register(opened.run_id, log_bundle(opened.run_id, open_bundle(bundle)))
        promote(registry, version.version, decide, run_id=opened.run_id)


def die_before(method: str, call: int) -> None:
    """Let this process kill itself right before the given call of ``MlflowClient.method``."""
    original, calls = getattr(MlflowClient, method), 0

    def counted(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **keywords)

    setattr(MlflowClient, method, counted)


def write(journal: Path, line: str) -> None:
    """Add a line to the journal."""
    with journal.open("a", encoding="utf-8") as lines:
        lines.write(f"{line}\n")
