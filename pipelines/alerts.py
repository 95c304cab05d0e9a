"""The failure hook: what failed, where and why, kept as one JSON line an alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zenml import get_step_context

import environment
from recommender.errors import RouletteError


def alert_file() -> Path:
    """Return the file of alerts in the state folder."""
    return environment.state_dir() / "alerts" / "alerts.jsonl"


def append_alert(error: BaseException, *, step: str, run: str, file: Path) -> None:
    """Append the alert of a failed step to ``file``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(describe(error, step=step, run=run)) + "\n")


def tell(text: str, *, step: str, run: str) -> None:
    """Append an alert of something that is no error of a step.

    Args:
        text: What somebody must look at, as a full sentence.
        step: What found it.
        run: In which run.
    """
    append_alert(RouletteError(text.rstrip(".")), step=step, run=run, file=alert_file())


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
    append_alert(exception, step=step, run=run, file=alert_file())
