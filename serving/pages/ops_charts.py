"""The operator's charts as geometry; the template draws them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from monitoring.findings import Findings
from monitoring.settings import DecisionSettings

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


def courses(report: Findings, settings: DecisionSettings) -> list[Course]:
    """Return the course of every column of the report, the furthest first.

    Args:
        report: What was found.
        settings: Thresholds and watched columns.
    """
    made = [_course(name, report, settings) for name in report.columns]
    return sorted(made, key=lambda one: (not one.is_beyond, -one.values[-1][2], one.column))


def when(seconds: float) -> str:
    """Return a time to the minute.

    >>> when(0)
    '1970-01-01 00:00 UTC'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _course(name: str, report: Findings, settings: DecisionSettings) -> Course:
    found, enter = report.columns[name], settings.enter_psi
    latest = found[-1]
    top = max(2.0 * enter, *(one.psi for one in found)) or 1.0
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(found) - 1)
    at = [(round(_LEFT + i * step, 1), _height(one.psi, top)) for i, one in enumerate(found)]
    return Course(
        column=name,
        watched=name in settings.watched,
        points=" ".join(f"{x},{y}" for x, y in at),
        last=at[-1],
        threshold=_height(enter, top),
        values=tuple((when(one.start), one.samples, one.psi) for one in found),
        is_beyond=latest.psi >= enter and latest.samples >= settings.min_samples,
        shares=report.shares.get(name, ()),
    )


def _height(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top, 1)
