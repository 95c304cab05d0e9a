"""One round's findings as a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from monitoring.distances import Distances
from monitoring.drift import Distribution
from monitoring.recommender_drift import ListChange, Reach
from monitoring.windows import ColumnDrift, Measured, Window


@dataclass(frozen=True)
class VersionPerformance:
    """How one version did over all windows of the report.

    Attributes:
        version: As the registry counts.
        model: Digest of its bundle.
        lists: How many of its lists were looked at.
        metrics: By name.
    """

    version: str
    model: str
    lists: int
    metrics: Mapping[str, Measured]


@dataclass(frozen=True)
class DriftReport:
    """What a round found.

    Attributes:
        model: Digest of the bundle in production.
        version: Its version.
        made_at: When, in seconds since 1970.
        windows: Oldest first.
        reach: By window: what was shown, to whom, ``None`` without lists.
        versions: Performance of every version that showed anything.
        join_rate: Share of the labels whose list is known, or ``None``.
        delay_seconds: Median time from a list to a label of it, or ``None``.
        list_change: Against the model before, or ``None`` without one.
        distributions: By column: its latest window beside the reference.
        notes: What a reader must know, in full sentences.
        alerts: What somebody must look at, in full sentences.
    """

    model: str
    version: str
    made_at: float
    windows: tuple[Window, ...] = ()
    reach: tuple[Reach | None, ...] = ()
    versions: tuple[VersionPerformance, ...] = ()
    join_rate: float | None = None
    delay_seconds: float | None = None
    list_change: ListChange | None = None
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Self:
        """Return the report that `to_dict` turned into ``tree``, also by way of JSON."""
        change = tree["list_change"]
        return cls(
            **{
                **tree,
                "windows": tuple(map(_window, tree["windows"])),
                "reach": tuple(None if item is None else Reach(**item) for item in tree["reach"]),
                "versions": tuple(map(_version, tree["versions"])),
                "list_change": None if change is None else ListChange(**change),
                "distributions": {
                    name: Distribution(**{key: tuple(value) for key, value in item.items()})
                    for name, item in tree["distributions"].items()
                },
                "notes": tuple(tree["notes"]),
                "alerts": tuple(tree["alerts"]),
            }
        )


def _window(tree: Mapping[str, Any]) -> Window:
    columns = {
        name: ColumnDrift(item["samples"], Distances(**item["distances"]))
        for name, item in tree["columns"].items()
    }
    return Window(
        tree["start"], tree["end"], tree["model"], columns, _measured(tree, "performance")
    )


def _version(tree: Mapping[str, Any]) -> VersionPerformance:
    metrics = _measured(tree, "metrics")
    return VersionPerformance(tree["version"], tree["model"], tree["lists"], metrics)


def _measured(tree: Mapping[str, Any], key: str) -> dict[str, Measured]:
    return {name: Measured(**item) for name, item in tree[key].items()}
