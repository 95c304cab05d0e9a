"""What one window of live traffic looked like, as the decision sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.distances import Distances


@dataclass(frozen=True)
class ColumnDrift:
    """How far one column is from the reference.

    Attributes:
        samples: Values in the window.
        distances: From the reference.
    """

    samples: int
    distances: Distances


@dataclass(frozen=True)
class Measured:
    """How well a model did, by what users did afterwards.

    Attributes:
        value: The metric.
        sigma: Its standard error, from the spread within the window.
        samples: Ratings or lists behind it.
        higher_is_better: Whether a loss is a fall.
    """

    value: float
    sigma: float
    samples: int
    higher_is_better: bool


@dataclass(frozen=True)
class Window:
    """One window of traffic that one model served.

    Attributes:
        start: Where it begins, in seconds since 1970.
        end: Where it ends.
        model: Digest of the bundle that served it, with which it is compared.
        columns: Drift by column; columns without values or without a reference are absent.
        performance: Metrics by name; empty while the labels are not in.
    """

    start: float
    end: float
    model: str
    columns: Mapping[str, ColumnDrift] = field(default_factory=dict)
    performance: Mapping[str, Measured] = field(default_factory=dict)
