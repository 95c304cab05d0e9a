"""How far the columns of a window are from what production was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from monitoring.distances import (
    Distances,
    categorical_distances,
    coarse_starts,
    numeric_distances,
)
from monitoring.sketches import Sketches
from monitoring.windows import ColumnDrift
from recommender.reference import (
    COLUMNS,
    CategoryCounts,
    Histogram,
    ReferenceColumn,
)
from recommender.scale import FloatArray

#: Bins into which the shares of a chart are put, and names that it shows.
BINS, MOST_NAMES = 10, 12
_RANKS = np.linspace(0.05, 0.95, 19)
#: Stands for the values of a column whose first window is its reference.
_PARTS = 1_000_000


@dataclass(frozen=True)
class Distribution:
    """The shares of one column, then and now, for people.

    Attributes:
        labels: What each bin is.
        reference: Its share in the reference.
        live: Its share in the window.
    """

    labels: tuple[str, ...]
    reference: tuple[float, ...]
    live: tuple[float, ...]


def column_drift(
    sketches: Sketches, reference: Mapping[str, ReferenceColumn]
) -> dict[str, ColumnDrift]:
    """Return the drift of every column that has values on both sides."""
    found = {}
    for name, expected in reference.items():
        samples = sketches.count(name)
        if samples and expected.total:
            found[name] = ColumnDrift(samples, distances_of(sketches, name, expected))
    return found


def distances_of(sketches: Sketches, name: str, expected: ReferenceColumn) -> Distances:
    """Return how far the values of one column are from the reference."""
    if isinstance(expected, CategoryCounts):
        return categorical_distances(expected.counts, sketches.names(name))
    live = sketches.shares_between(name, expected.edges)
    return numeric_distances(np.asarray(expected.counts, dtype=np.float64), live, bins=BINS)


def first_window_reference(sketches: Sketches) -> dict[str, ReferenceColumn]:
    """Return a reference for what only a server knows: the first window of the model.

    No training data says how long a search is or how long a list takes.
    """
    return {
        column.name: _histogram(sketches, column.name)
        for column in COLUMNS
        if column.area == "service" and sketches.count(column.name)
    }


def distribution(sketches: Sketches, name: str, expected: ReferenceColumn) -> Distribution:
    """Return the shares of one column in a few bins."""
    if isinstance(expected, CategoryCounts):
        return _of_names(expected.counts, sketches.names(name))
    counts = np.asarray(expected.counts, dtype=np.float64)
    live = sketches.shares_between(name, expected.edges)
    starts = coarse_starts(counts, BINS)
    # A bin ends where the next one starts, at the edge before its first fine bin.
    edges = [float(expected.edges[start - 1]) for start in starts[1:]]
    return Distribution(
        _labels(edges),
        _rounded(np.add.reduceat(counts / counts.sum(), starts)),
        _rounded(np.add.reduceat(live, starts)),
    )


def _histogram(sketches: Sketches, name: str) -> Histogram:
    edges = np.unique([sketches.quantile(name, float(rank)) for rank in _RANKS])
    # Edges may be values here: both sides are read from sketches, which put them alike.
    shares = sketches.shares_between(name, edges)
    return Histogram(edges, np.rint(shares * _PARTS).astype(np.int64))


def _of_names(reference: Mapping[str, float], live: Mapping[str, float]) -> Distribution:
    totals = sum(reference.values()), sum(live.values())
    both = {
        name: (reference.get(name, 0.0) / totals[0], live.get(name, 0.0) / totals[1])
        for name in {*reference, *live}
    }
    ordered = sorted(both.items(), key=lambda item: (-max(item[1]), item[0]))
    shown, rest = ordered[:MOST_NAMES], ordered[MOST_NAMES:]
    if rest:
        others = (sum(shares[0] for _, shares in rest), sum(shares[1] for _, shares in rest))
        shown.append((f"{len(rest)} others", others))
    return Distribution(
        tuple(name for name, _ in shown),
        _rounded([shares[0] for _, shares in shown]),
        _rounded([shares[1] for _, shares in shown]),
    )


def _labels(edges: list[float]) -> tuple[str, ...]:
    if not edges:
        return ("all",)
    between = [f"{a:g} to {b:g}" for a, b in pairwise(edges)]
    return (f"below {edges[0]:g}", *between, f"above {edges[-1]:g}")


def _rounded(shares: FloatArray | list[float]) -> tuple[float, ...]:
    return tuple(round(float(share), 6) for share in shares)
