"""Carries out the retraining that was decided, in a process of its own, and keeps how it ended.

The training holds a lock for as long as it lives, also when whoever started it is killed, and
writes its result to a file. So the next round knows whether it is still under way, has ended, or
was killed.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import environment
from events.training_data import read_site_data
from events.versions import add_version
from monitoring.decision import after_training
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal, Retraining
from monitoring.locks import is_held, only_one
from monitoring.settings import MonitoringConfig
from pipelines.alerts import tell
from steps.live_traffic import live_traffic, monitoring_folders

_INTERRUPTED = 130
_INVALID_DATA, _BEHAVIOUR_FAILED = 3, 4
_SENTENCES = {
    "promoted": "The retraining of decision {number} made a new production model.",
    "rejected": "The model of decision {number} was not promoted, and production stays; there is "
    "no further attempt before there is other data.",
    "invalid data": "The data of decision {number} was rejected, and production stays; there is no "
    "further attempt before there is other data.",
    "failed": "The retraining of decision {number} failed, and production stays.",
    "interrupted": "The retraining of decision {number} was interrupted, and production stays.",
}


@dataclass(frozen=True)
class Ended:
    """How a training ended.

    Attributes:
        outcome: A key of the sentences above.
        detail: What it said of itself.
        record: Its result as it printed it.
    """

    outcome: str
    detail: str
    record: Mapping[str, Any]

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Ended:
        """Return what the printed result of a training says."""
        code = result.get("exit_code")
        if "error" in result:
            outcome = "invalid data" if code == _INVALID_DATA else "failed"
            return cls(outcome, str(result["error"]), result)
        outcome = "promoted" if result["promoted"] else "rejected"
        return cls(outcome, str(result["message"]), result)


def finish_retraining(config: MonitoringConfig) -> str | None:
    """Carry out the retraining that was decided and has not ended.

    Args:
        config: On which data, and how often a killed one is started.

    Returns:
        What came of it as a sentence, or ``None`` where there is none.

    Raises:
        MonitoringError: The journal cannot be used.
        StoreUnavailable: The event store is out of reach.
        DataError: The site's ratings cannot be kept as a version.
        KeyboardInterrupt: Somebody interrupted it; that is kept too.
    """
    folders = monitoring_folders()
    journal = Journal(folders.journal)
    found = journal.open_retraining()
    if found is None:
        return None
    if is_held(folders.training_lock):
        return f"The retraining of decision {found.decision} is still under way."
    with only_one(folders.training_lock, what="retraining") as lock:
        return _close(journal, found, _ended(config, folders, journal, found, lock))


def _ended(
    config: MonitoringConfig,
    folders: MonitoringFolders,
    journal: Journal,
    found: Retraining,
    lock: IO[str],
) -> Ended:
    result = _result_of(folders, found.decision)
    if result is not None:
        return Ended.of(result)
    if found.attempts >= config.decision.attempts:
        return Ended("failed", f"it was killed {found.attempts} times", {})
    try:
        return _train(config, folders, journal, found, lock)
    except KeyboardInterrupt:
        _close(journal, found, Ended("interrupted", "Ctrl-C, or the end of the monitor", {}))
        raise


def _train(
    config: MonitoringConfig,
    folders: MonitoringFolders,
    journal: Journal,
    found: Retraining,
    lock: IO[str],
) -> Ended:
    with live_traffic() as sources:
        version = add_version(folders.versions, read_site_data(sources.events))
    journal.begin(found.decision, time.time())
    command = training_command(config, version.md5)
    file = folders.result(found.decision)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as result, file.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=environment.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=result,
            stderr=log,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )
        code = _wait(process)
    told = _result_of(folders, found.decision)
    if told is not None:
        return Ended.of(told)
    outcome = "interrupted" if code == _INTERRUPTED else "failed"
    return Ended(outcome, f"it ended with status {code}; {log.name} says more", {})


def training_command(config: MonitoringConfig, events_version: str) -> list[str]:
    """Return the command that trains on the data and a version of the site's ratings."""
    settings: dict[str, Any] = {
        "dataset": config.dataset,
        "data_path": config.data_path,
        "column_map": config.column_map,
        "movies_path": config.movies_path,
        "registry.experiment": config.registry.experiment,
        "registry.model_name": config.registry.model_name,
        "events_version": events_version,
    }
    command = [sys.executable, str(environment.ROOT / "run_pipeline.py"), "training"]
    command += ["--with-events", "--json"]
    if config.params is not None:
        command += ["--params", config.params]
    for key, value in settings.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    return command


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The training closes its runs by itself.
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


def _result_of(folders: MonitoringFolders, decision: int) -> dict[str, Any] | None:
    """Return what a training printed at its end, ``None`` where it did not get there."""
    file: Path = folders.result(decision)
    try:
        result: dict[str, Any] = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return result


def _close(journal: Journal, found: Retraining, ended: Ended) -> str:
    now = time.time()
    state = after_training(
        journal.state(),
        promoted=ended.outcome == "promoted",
        refused=ended.outcome in ("rejected", "invalid data"),
        data=found.data,
        now=now,
    )
    journal.end(found.decision, ended.outcome, state, now, {"detail": ended.detail, **ended.record})
    sentence = _SENTENCES[ended.outcome].format(number=found.decision)
    text = f"{sentence} ({ended.detail})"
    if ended.outcome != "promoted":
        tell(text, step="retraining", run=f"decision {found.decision}")
    return text
