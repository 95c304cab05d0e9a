"""The operator's charts as geometry; the template draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

WIDTH, HEIGHT = 320, 96
_LEFT, _RIGHT, _TOP, _BOTTOM = 4, 56, 10, 8


@dataclass(frozen=True)
class Course:
    """The drift of one column over the windows.

    Attributes:
        column: Its name.
        watched: Whether its drift is a cause of retraining.
        points: Of the line, as SVG has them.
        last: Where the line ends.
        threshold: Height of the threshold's line.
        values: Time, samples and index of each window, oldest first.
        is_beyond: Whether the latest window is beyond the threshold.
        shares: Label, share of the reference and of the latest window.
    """

    column: str
    watched: bool
    points: str
    last: tuple[float, float]
    threshold: float
    values: tuple[tuple[str, int, float], ...]
    is_beyond: bool
    shares: tuple[tuple[str, float, float], ...]


def courses(
    report: Mapping[str, Any], watched: tuple[str, ...], enter: float, min_samples: int
) -> list[Course]:
    """Return the course of every column of the report, the furthest first.

    Args:
        report: As `monitoring.standing` has it.
        watched: Columns whose drift is a cause.
        enter: Index from which a window counts as drifted.
        min_samples: Values below which a window says nothing.
    """
    windows = report["windows"]
    names = {name for window in windows for name in window["columns"]}
    made = [_course(name, report, watched, enter, min_samples) for name in names]
    return sorted(made, key=lambda one: (not one.is_beyond, -one.values[-1][2], one.column))


def when(seconds: float) -> str:
    """Return a time to the minute.

    >>> when(0)
    '1970-01-01 00:00 UTC'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _course(
    name: str, report: Mapping[str, Any], watched: tuple[str, ...], enter: float, fewest: int
) -> Course:
    windows = [window for window in report["windows"] if name in window["columns"]]
    found = [window["columns"][name] for window in windows]
    indices = [float(item["distances"]["psi"]) for item in found]
    top = max(2.0 * enter, *indices)
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(indices) - 1)
    at = [(round(_LEFT + i * step, 1), _height(psi, top)) for i, psi in enumerate(indices)]
    shares = report["distributions"].get(name, {"labels": (), "reference": (), "live": ()})
    return Course(
        column=name,
        watched=name in watched,
        points=" ".join(f"{x},{y}" for x, y in at),
        last=at[-1],
        threshold=_height(enter, top),
        values=tuple(
            (when(window["start"]), item["samples"], psi)
            for window, item, psi in zip(windows, found, indices, strict=True)
        ),
        is_beyond=indices[-1] >= enter and found[-1]["samples"] >= fewest,
        shares=tuple(zip(shares["labels"], shares["reference"], shares["live"], strict=True)),
    )


def _height(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top, 1)
