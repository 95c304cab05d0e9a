"""How often values occur: exact counts between edges, or for each name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import pack_strings, unpack_string
from recommender.scale import FloatArray, IntArray

Arrays = Mapping[str, npt.NDArray[Any]]
#: Edges of a histogram; a hundredth of the values lies between two of them.
_MOST_EDGES = 99


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of numbers between edges.

    Attributes:
        edges: Shape (n,), rising; none of them is a value that was counted.
        counts: Shape (n + 1,), values below the first edge, between each two, above the last.
    """

    edges: FloatArray
    counts: IntArray

    @classmethod
    def of(cls, values: npt.ArrayLike) -> Self:
        """Return the histogram of numbers, with edges halfway between neighbouring values.

        So a value never lies on an edge, where it would be a matter of convention on which side a
        sketch counts it.

        >>> Histogram.of([1, 1, 2, 4]).edges.tolist()
        [1.5, 3.0]
        """
        numbers = np.sort(np.asarray(values, dtype=np.float64))
        distinct = np.unique(numbers)
        if distinct.size < 2:  # noqa: PLR2004 - nothing lies between
            return cls(np.empty(0), np.array([numbers.size], dtype=np.int64))
        between = (distinct[:-1] + distinct[1:]) / 2.0
        if between.size > _MOST_EDGES:
            ranks = np.linspace(0, numbers.size, _MOST_EDGES + 2)[1:-1].astype(np.int64)
            places = np.searchsorted(distinct, numbers[ranks], side="left")
            between = between[np.unique(np.minimum(places, between.size - 1))]
        return cls(between, _counts(numbers, between))

    @property
    def total(self) -> int:
        """How many values were counted."""
        return int(self.counts.sum())

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the histogram as arrays."""
        return {"edges": self.edges, "counts": self.counts}


@dataclass(frozen=True, eq=False)
class CategoryCounts:
    """Counts of names.

    Attributes:
        counts: How often each occurs.
    """

    counts: Mapping[str, int]

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Return the counts of names."""
        return cls(dict(sorted(Counter(names).items())))

    @property
    def total(self) -> int:
        """How many names were counted."""
        return sum(self.counts.values())

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the counts as arrays."""
        text, offsets = pack_strings(list(self.counts))
        counts = np.array(list(self.counts.values()), dtype=np.int64)
        return {"counts": counts, "names": text, "offsets": offsets}


ReferenceColumn = Histogram | CategoryCounts


def from_arrays(arrays: Arrays) -> ReferenceColumn:
    """Return what `to_arrays` of either class made ``arrays`` of.

    Raises:
        KeyError: An array is missing.
    """
    if "edges" in arrays:
        return Histogram(np.asarray(arrays["edges"]), np.asarray(arrays["counts"]))
    text, offsets = np.asarray(arrays["names"]), np.asarray(arrays["offsets"])
    counts = np.asarray(arrays["counts"]).tolist()
    return CategoryCounts({unpack_string(text, offsets, i): n for i, n in enumerate(counts)})


def _counts(numbers: FloatArray, edges: FloatArray) -> IntArray:
    below = np.searchsorted(numbers, edges, side="right")
    return np.diff(np.concatenate([[0], below, [numbers.size]])).astype(np.int64)
