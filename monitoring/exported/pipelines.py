"""Runs of pipelines, and the alerts that they and the publisher raised."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric

from alerts.delivery import read_failures
from monitoring.exported.families import Values, counters, gauge, gauges, seconds_of
from monitoring.run_records import RunRecord, read_record


def of_pipelines(state: Path) -> Iterator[Metric]:
    """Yield how the last run of each pipeline went."""
    records = [read_record(file) for file in sorted((state / "runs").glob("*.json"))]
    yield from _of_runs([record for record in records if record is not None])


def _of_runs(records: list[RunRecord]) -> Iterator[Metric]:
    label = ("pipeline",)
    yield from gauges(
        "pipeline_last_run_timestamp_seconds",
        "When the last run ended.",
        label,
        {(record.pipeline,): record.ended_at for record in records},
    )
    yield from gauges(
        "pipeline_last_success_timestamp_seconds",
        "When a run last succeeded.",
        label,
        {(r.pipeline,): r.succeeded_at for r in records if r.succeeded_at is not None},
    )
    yield from gauges(
        "pipeline_last_duration_seconds",
        "How long the last run took.",
        label,
        {(record.pipeline,): record.ended_at - record.started_at for record in records},
    )
    yield from gauges(
        "pipeline_last_succeeded_ratio",
        "Whether the last run succeeded: 1 or 0.",
        label,
        {(record.pipeline,): float(record.outcome == "succeeded") for record in records},
    )
    yield from gauges(
        "pipeline_last_interrupted_ratio",
        "Whether somebody ended the last run: 1 or 0.",
        label,
        {(record.pipeline,): float(record.outcome == "interrupted") for record in records},
    )
    yield from counters(
        "pipeline_runs",
        "Runs by outcome.",
        (*label, "outcome"),
        {(r.pipeline, outcome): float(n) for r in records for outcome, n in r.runs.items()},
    )


def of_alerts(state: Path) -> Iterator[Metric]:
    """Yield how many alerts there were, and how many could not be delivered."""
    raised, latest = _raised(state / "alerts" / "alerts.jsonl")
    yield from counters("alerts_raised", "Alerts by what found them.", ("step",), raised)
    yield from gauge("alerts_last_timestamp_seconds", "When the last alert was raised.", latest)
    failures = read_failures(state / "alerts" / "failures.json")
    yield from counters(
        "alerts_undelivered",
        "Alerts that a channel did not deliver.",
        ("channel",),
        {(name,): float(found["failures"]) for name, found in failures.items()},
    )


def _raised(file: Path) -> tuple[Values, float | None]:
    """Return the alerts of a file by step, and the time of the last one."""
    counts: Counter[tuple[str, ...]] = Counter()
    last = None
    if file.is_file():
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                alert = json.loads(line)
                counts[str(alert["step"]),] += 1
                last = alert["time"]
    return {of: float(n) for of, n in counts.items()}, seconds_of(last)
