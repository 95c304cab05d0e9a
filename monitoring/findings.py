"""What a report of drift says to people, for a process that must stay light.

`monitoring.report` stands on the sketches, which a web worker never imports. This reads of its JSON
what a page shows, and checks each value, so that a report of another shape is named as such.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from monitoring.errors import MonitoringError

#: The end of the year 9999, in seconds since 1970.
_LATEST = 253_402_300_799


@dataclass(frozen=True)
class Index:
    """One column in one window.

    Attributes:
        start: Where the window begins, in seconds since 1970.
        samples: Values in it.
        psi: Population stability index against the reference.
    """

    start: float
    samples: int
    psi: float


@dataclass(frozen=True)
class Performance:
    """One metric of one version.

    Attributes:
        version: As the registry counts.
        metric: Its name.
        value: The metric.
        sigma: Its standard error.
        samples: Ratings or lists behind it.
    """

    version: str
    metric: str
    value: float
    sigma: float
    samples: int


@dataclass(frozen=True)
class Findings:
    """The part of a report that is shown.

    Attributes:
        made_at: When, in seconds since 1970.
        columns: The windows of each column, oldest first.
        shares: By column: label, share of the reference and of the latest window.
        performance: Of every version.
        alerts: What somebody must look at, in full sentences.
    """

    made_at: float
    columns: Mapping[str, tuple[Index, ...]]
    shares: Mapping[str, tuple[tuple[str, float, float], ...]]
    performance: tuple[Performance, ...]
    alerts: tuple[str, ...]

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Self:
        """Return what ``DriftReport.to_dict`` says to people.

        Raises:
            KeyError: A key is missing.
            TypeError: A value is of another type.
            ValueError: A number is not one, or lists differ in length.
        """
        columns: dict[str, list[Index]] = {}
        for window in tree["windows"]:
            for name, item in window["columns"].items():
                psi = _number(item["distances"]["psi"])
                index = Index(_time(window["start"]), int(_number(item["samples"])), psi)
                columns.setdefault(name, []).append(index)
        return cls(
            made_at=_time(tree["made_at"]),
            columns={name: tuple(found) for name, found in columns.items()},
            shares={name: _shares(item) for name, item in tree["distributions"].items()},
            performance=tuple(
                _performance(one["version"], name, item)
                for one in tree["versions"]
                for name, item in one["metrics"].items()
            ),
            alerts=tuple(_text(alert) for alert in tree["alerts"]),
        )


def read_findings(file: Path) -> Findings | None:
    """Return what the report in ``file`` says, ``None`` where there is none.

    Raises:
        MonitoringError: It cannot be read, or has another shape.
    """
    try:
        return Findings.from_dict(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except KeyError as error:
        raise _unreadable(file, f"the key {error} is missing") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise _unreadable(file, str(error)) from error


def _unreadable(file: Path, why: str) -> MonitoringError:
    return MonitoringError(
        f"the report cannot be read: {why}",
        place=str(file),
        remedy="The next round of monitoring writes it anew.",
    )


def _shares(tree: Mapping[str, Any]) -> tuple[tuple[str, float, float], ...]:
    sides = zip(tree["labels"], tree["reference"], tree["live"], strict=True)
    return tuple((_text(label), _number(then), _number(now)) for label, then, now in sides)


def _performance(version: Any, name: str, tree: Mapping[str, Any]) -> Performance:
    value, sigma = _number(tree["value"]), _number(tree["sigma"])
    return Performance(str(version), name, value, sigma, int(_number(tree["samples"])))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not finite")
    return float(value)


def _time(value: Any) -> float:
    seconds = _number(value)
    if not 0 <= seconds <= _LATEST:
        raise ValueError(f"{value!r} is no time in seconds since 1970")
    return seconds


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
