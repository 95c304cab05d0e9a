"""The reference of a model: every column that training knows, and the error to be expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.reference.histogram import Arrays, ReferenceColumn, from_arrays
from recommender.scale import FloatArray

#: Before the names of these arrays in a bundle.
PREFIX = "reference."
_ERROR = f"{PREFIX}squared_error"


@dataclass(frozen=True, eq=False)
class ReferenceProfile:
    """What live traffic is compared to.

    Attributes:
        columns: Counts by name of the column; those that only a server knows are absent.
        squared_error: Shape (3,): how many ratings were estimated, and mean and standard
            deviation of the squared errors, in squared stars.
    """

    columns: Mapping[str, ReferenceColumn]
    squared_error: FloatArray

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays that a bundle holds of it."""
        arrays: dict[str, npt.NDArray[Any]] = {_ERROR: self.squared_error}
        for name, found in self.columns.items():
            arrays |= {f"{PREFIX}{name}.{key}": item for key, item in found.to_arrays().items()}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self | None:
        """Return what a bundle holds, or ``None`` where it was made without a reference."""
        if _ERROR not in arrays:
            return None
        grouped: dict[str, dict[str, npt.NDArray[Any]]] = {}
        for name in arrays:
            column, dot, key = name.removeprefix(PREFIX).rpartition(".")
            if name.startswith(PREFIX) and dot:
                grouped.setdefault(column, {})[key] = arrays[name]
        columns = {name: from_arrays(group) for name, group in sorted(grouped.items())}
        return cls(columns, np.asarray(arrays[_ERROR]))


def summarize_error(ratings: FloatArray, estimates: FloatArray) -> FloatArray:
    """Return count, mean and standard deviation of the squared errors.

    >>> summarize_error(np.array([4.0, 2.0]), np.array([3.0, 2.0])).tolist()
    [2.0, 0.5, 0.5]
    """
    errors = (np.asarray(ratings, np.float64) - np.asarray(estimates, np.float64)) ** 2
    if not errors.size:
        return np.zeros(3)
    return np.array([errors.size, errors.mean(), errors.std()])
