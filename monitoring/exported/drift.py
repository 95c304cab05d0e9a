"""What the last round of monitoring found, and what was decided."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.metrics_core import Metric

from monitoring.exported.families import counters, gauge, gauges
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal

#: Decisions that are counted; older ones are left out.
_DECISIONS = 10_000
_REACH = {
    "coverage": ("lists_coverage_ratio", "Share of the catalogue in any list of the window."),
    "popularity_lift": (
        "lists_popularity_lift_ratio",
        "Popularity of what was shown.",
    ),
    "cold_users": ("lists_cold_users_ratio", "Share of lists for someone unknown to the model."),
}


def of_drift(state: Path) -> Iterator[Metric]:
    """Yield distances of the latest window, performance by version, and the age of both."""
    file = MonitoringFolders(state / "monitoring").reports / "drift" / "drift.json"
    if not file.is_file():
        return
    report = json.loads(file.read_bytes())
    yield from gauge(
        "drift_measured_timestamp_seconds", "When drift was last measured.", report["made_at"]
    )
    windows = report["windows"]
    yield from gauge("drift_measured_windows", "Windows in the report.", float(len(windows)))
    if windows:
        yield from _of_window(windows[-1])
    yield from _of_versions(report)
    yield from _of_lists(report)


def _of_window(window: Mapping[str, Any]) -> Iterator[Metric]:
    yield from gauge(
        "drift_window_end_timestamp_seconds", "End of the latest window.", window["end"]
    )
    columns = window["columns"].items()
    yield from gauges(
        "drift_distance_ratio",
        "Distance of the latest window from the reference.",
        ("column", "distance"),
        {(name, kind): v for name, found in columns for kind, v in _numbers(found["distances"])},
    )
    yield from gauges(
        "drift_samples_values",
        "Values of the latest window.",
        ("column",),
        {(name,): float(found["samples"]) for name, found in columns},
    )


def _of_versions(report: Mapping[str, Any]) -> Iterator[Metric]:
    versions = report["versions"]
    yield from gauges(
        "performance_value",
        "By what users did afterwards, over the windows of the report.",
        ("version", "metric"),
        {
            (version["version"], name): measured["value"]
            for version in versions
            for name, measured in version["metrics"].items()
        },
    )
    yield from gauges(
        "performance_lists",
        "Lists of each version that were looked at.",
        ("version",),
        {(version["version"],): float(version["lists"]) for version in versions},
    )
    yield from gauge(
        "performance_join_ratio", "Share of labels whose list is known.", report["join_rate"]
    )
    yield from gauge(
        "performance_label_delay_seconds", "From a list to its label.", report["delay_seconds"]
    )


def _of_lists(report: Mapping[str, Any]) -> Iterator[Metric]:
    change = report["list_change"]
    if change is not None:
        yield from gauge(
            "lists_overlap_ratio", "Of probe users, with the model before.", change["overlap"]
        )
        yield from gauge(
            "lists_rank_correlation_ratio", "Likewise, of ranks.", change["rank_correlation"]
        )
    latest = next((item for item in reversed(report["reach"]) if item is not None), None)
    for key, (name, about) in _REACH.items():
        yield from gauge(name, about, None if latest is None else latest[key])


def of_decisions(state: Path) -> Iterator[Metric]:
    """Yield decisions, retrainings, and how near each signal is to being a cause."""
    file = MonitoringFolders(state / "monitoring").journal
    if not file.is_file():
        return
    journal = Journal(file)
    decisions, retrainings = journal.decisions(_DECISIONS), journal.retrainings(_DECISIONS)
    yield from counters(
        "retraining_decisions",
        "Decisions, by what they came to.",
        ("decision",),
        _counted(_kind(decision) for decision in decisions),
    )
    yield from counters(
        "retraining_ended",
        "Retrainings that ended, by outcome.",
        ("outcome",),
        _counted(item.outcome for item in retrainings if item.outcome is not None),
    )
    running = sum(item.ended_at is None for item in retrainings)
    yield from gauge("retraining_open_runs", "Retrainings that have not ended.", float(running))
    if decisions:
        latest = decisions[0]["decided_at"]
        yield from gauge(
            "retraining_last_decision_timestamp_seconds", "When it was last decided.", latest
        )
    yield from gauges(
        "drift_streak_windows",
        "Windows in a row beyond the threshold, by signal.",
        ("signal",),
        {(signal,): float(count) for signal, count in journal.state().streaks.items()},
    )


def _kind(decision: Mapping[str, Any]) -> str:
    if decision["retrain"]:
        return "retrain"
    return "held back" if decision["causes"] else "no cause"


def _counted(names: Iterator[str]) -> dict[tuple[str, ...], float]:
    return {(name,): float(count) for name, count in Counter(names).items()}


def _numbers(tree: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in tree.items():
        if isinstance(value, int | float):
            yield name, float(value)


def of_profiles(state: Path) -> Iterator[Metric]:
    """Yield when a profile was last written, and what waits to be profiled."""
    folders = MonitoringFolders(state / "monitoring")
    times = [file.stat().st_mtime for file in folders.profiles.glob("*.bin")]
    yield from gauge(
        "profile_last_written_timestamp_seconds",
        "When a profile was last written.",
        max(times, default=None),
    )
    yield from gauge("profile_kept_files", "Profiles on disk.", float(len(times)))
    waiting = sum(1 for _ in folders.spools.glob("*/*.rows"))
    yield from gauge("profile_waiting_pieces", "Pieces that wait for it.", float(waiting))
    damaged = sum(1 for _ in folders.profiles.glob("*.damaged"))
    yield from gauge("profile_damaged_files", "Profiles that cannot be read.", float(damaged))
