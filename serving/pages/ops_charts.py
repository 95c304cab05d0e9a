"""The operator's charts as geometry; the template draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitoring.findings import Findings, Performance
from monitoring.settings import DecisionSettings

WIDTH, HEIGHT = 320, 96
#: Of the chart of a metric: height of a row, room for the versions' names, and at the right.
_ROW, _NAMES, _MARGIN = 24, 84, 8
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
        widest: The largest share, which the longest bar is.
    """

    column: str
    watched: bool
    points: str
    last: tuple[float, float]
    threshold: float
    values: tuple[tuple[str, int, float], ...]
    is_beyond: bool
    shares: tuple[tuple[str, float, float], ...]
    widest: float


@dataclass(frozen=True)
class Row:
    """One metric of one version in a chart.

    Attributes:
        version: As the registry counts.
        value: The metric.
        sigma: Its standard error.
        samples: Ratings or lists behind it.
        at: Where the value is.
        low: Where the whisker begins, two standard errors below.
        high: Where it ends.
        y: Height of the row.
    """

    version: str
    value: float
    sigma: float
    samples: int
    at: float
    low: float
    high: float
    y: float


@dataclass(frozen=True)
class Measure:
    """One metric of every version.

    Attributes:
        metric: Its name.
        rows: A version each, the newest first.
        height: Of the chart.
    """

    metric: str
    rows: tuple[Row, ...]
    height: float


def measures(performance: Sequence[Performance]) -> list[Measure]:
    """Return each metric with the versions side by side on one scale.

    Args:
        performance: Of every version.
    """
    names = sorted({one.metric for one in performance})
    return [_measure(name, [one for one in performance if one.metric == name]) for name in names]


def courses(
    report: Findings, settings: DecisionSettings, is_beyond: Callable[[str], bool]
) -> list[Course]:
    """Return the course of every column of the report, the furthest first.

    Args:
        report: What was found.
        settings: Thresholds and watched columns.
        is_beyond: Whether the latest window of a column is beyond the threshold.
    """
    made = [_course(name, report, settings, is_beyond=is_beyond(name)) for name in report.columns]
    return sorted(made, key=lambda one: (not one.is_beyond, -one.values[-1][2], one.column))


def when(seconds: float) -> str:
    """Return a time to the minute.

    >>> when(0)
    '1970-01-01 00:00 UTC'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _measure(name: str, found: Sequence[Performance]) -> Measure:
    low = min(one.value - 2.0 * one.sigma for one in found)
    high = max(one.value + 2.0 * one.sigma for one in found)
    span = high - low or 1.0

    def x(value: float) -> float:
        return round(_NAMES + (WIDTH - _NAMES - _MARGIN) * (value - low) / span, 1)

    newest = sorted(found, key=lambda one: (len(one.version), one.version), reverse=True)
    rows = tuple(
        Row(
            version=one.version,
            value=one.value,
            sigma=one.sigma,
            samples=one.samples,
            at=x(one.value),
            low=x(one.value - 2.0 * one.sigma),
            high=x(one.value + 2.0 * one.sigma),
            y=_ROW * (place + 0.5),
        )
        for place, one in enumerate(newest)
    )
    return Measure(name, rows, _ROW * len(rows))


def _course(name: str, report: Findings, settings: DecisionSettings, *, is_beyond: bool) -> Course:
    found, enter = report.columns[name], settings.enter_psi
    shares = report.shares.get(name, ())
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
        is_beyond=is_beyond,
        shares=shares,
        widest=max((max(then, now) for _, then, now in shares), default=0.0) or 1.0,
    )


def _height(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top, 1)
