"""Ends what a killed process left behind: its work folder, and a ZenML run that says ``running``.

A run holds a lock on a file in its work folder for as long as it lives, and the file says which
ZenML run it is. The kernel frees the lock when the process ends in whatever way, so a folder whose
lock can be taken is of a dead run.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.models import PipelineRunUpdate, StepRunUpdate

_REASON = "The process that ran it was killed."


@contextmanager
def work_folder(folder: Path, run_name: str) -> Iterator[Path]:
    """Yield ``folder``, locked, for what the run ``run_name`` leaves lying while it lives."""
    folder.mkdir(parents=True)
    with _lock_file(folder).open("w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(run_name)
        stream.flush()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def close_interrupted(var: Path) -> list[str]:
    """End the runs whose process is gone and remove their work folders.

    Args:
        var: The state folder.

    Returns:
        The names of the runs that were ended.
    """
    ended = []
    for folder in sorted((var / "work").glob("*/")):
        file = _lock_file(folder)
        if not file.exists():
            continue
        with file.open("r+", encoding="utf-8") as stream:
            if not _try_lock(stream):
                continue
            run_name = stream.read()
            _end_zenml_run(run_name)
            shutil.rmtree(folder)
            ended.append(run_name)
    return ended


def _lock_file(folder: Path) -> Path:
    return folder / "alive.lock"


def _try_lock(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_zenml_run(run_name: str) -> None:
    client = Client()
    for run in client.list_pipeline_runs(name=run_name, hydrate=True):
        if run.status.is_finished:
            continue
        for step in client.list_run_steps(pipeline_run_id=run.id):
            if not step.status.is_finished:
                end = StepRunUpdate(status=ExecutionStatus.FAILED, end_time=datetime.now(UTC))
                client.zen_store.update_run_step(step.id, end)
        ended = PipelineRunUpdate(status=ExecutionStatus.FAILED, status_reason=_REASON)
        client.zen_store.update_run(run.id, ended)
