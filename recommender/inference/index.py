"""From ids to positions in arrays, and rows of varying length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.schema import IntArray


@dataclass(frozen=True, eq=False)
class IdIndex:
    """Sorted ids whose positions are found by bisection.

    Attributes:
        ids: Shape (n,), rising, without repeats.
    """

    ids: IntArray

    def __len__(self) -> int:
        """Return the number of ids."""
        return int(self.ids.size)

    def positions(self, ids: IntArray) -> npt.NDArray[np.int64]:
        """Return where each of ``ids`` (any shape) stands; ``len(self)`` for an unknown one.

        The arrays that are looked up with it have one row more, which stands for the unknown.
        """
        wanted = np.asarray(ids)
        found = np.searchsorted(self.ids, wanted)
        if len(self) == 0:
            return np.zeros(wanted.shape, dtype=np.int64)
        inside = np.minimum(found, len(self) - 1)
        return np.where(self.ids[inside] == wanted, inside, len(self)).astype(np.int64)

    def position(self, one: int) -> int | None:
        """Return where the id ``one`` stands, or ``None`` if it is unknown."""
        found = int(np.searchsorted(self.ids, one))
        return found if found < len(self) and int(self.ids[found]) == one else None


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of varying length in two or three flat arrays (compressed sparse rows).

    Attributes:
        starts: Shape (n_rows + 1,), where each row starts.
        columns: Shape (n,), positions.
        values: Shape (n,), what stands there.
    """

    starts: IntArray
    columns: IntArray
    values: npt.NDArray[np.floating]

    def columns_of(self, row: int) -> IntArray:
        """Return the positions in one row."""
        return self.columns[self.starts[row] : self.starts[row + 1]]

    def values_of(self, row: int) -> npt.NDArray[np.floating]:
        """Return the values in one row."""
        return self.values[self.starts[row] : self.starts[row + 1]]
