"""The failure hook: what failed, where and why, kept as one JSON line an alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zenml import get_step_context

import environment
from recommender.errors import RouletteError


class AlertLog:
    """Alerts of failed steps: a file of JSON lines, and the last error in this process.

    ZenML calls a hook by its import path and raises a ``RuntimeError`` of its own afterwards, so
    the step's own error is kept here for whoever started the run.
    """

    def __init__(self) -> None:
        self.last_error: BaseException | None = None

    def record(self, error: BaseException, *, step: str, run: str, file: Path) -> None:
        """Append the alert to ``file`` and keep the error."""
        self.last_error = error
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(describe(error, step=step, run=run)) + "\n")


#: The alerts of this process.
ALERTS = AlertLog()


def alert_file() -> Path:
    """Return the file of alerts in the state folder."""
    return environment.state_dir() / "alerts" / "alerts.jsonl"


def describe(error: BaseException, *, step: str, run: str) -> dict[str, Any]:
    """Return the alert as plain values."""
    alert: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": run,
        "step": step,
        "error": type(error).__name__,
        "message": str(error),
    }
    if isinstance(error, RouletteError):
        alert |= {"place": error.place, "remedy": error.remedy, "exit_code": error.exit_code}
    return alert


def record_alert(exception: BaseException) -> None:
    """Record the failure of the running step; ZenML calls it once for each failed step."""
    context = get_step_context()
    step, run = context.step_name, context.pipeline_run.name
    ALERTS.record(exception, step=step, run=run, file=alert_file())
