"""From ids to rows of arrays: sorted ids, and binary search or a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.scale import IntArray

#: The row of whatever is unknown: arrays over users or movies have one row more than there are
#: users or movies, and the last one holds the defaults.
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class IdIndex:
    """Sorted distinct ids.

    Attributes:
        ids: Shape (n,), rising.
    """

    ids: IntArray

    @classmethod
    def of(cls, ids: npt.ArrayLike) -> Self:
        """Return the index of ``ids``, in any order and with repeats."""
        given = np.asarray(ids, dtype=np.int32)
        if not _is_dense(given):
            return cls(np.unique(given))
        return cls(_marked(given - given.min()) + given.min())

    @classmethod
    def encode(cls, ids: npt.ArrayLike) -> tuple[Self, npt.NDArray[np.integer[Any]]]:
        """Return the index of ``ids`` and the position of each one, in their shape.

        >>> index, positions = IdIndex.encode([30, 10, 30])
        >>> index.ids.tolist(), positions.tolist()
        ([10, 30], [1, 0, 1])
        """
        given = np.asarray(ids, dtype=np.int32)
        if not _is_dense(given):
            distinct, positions = np.unique(given, return_inverse=True)
            return cls(distinct), positions.reshape(given.shape)
        places = given - given.min()
        marked = _marked(places)
        table = np.empty(int(marked[-1]) + 1, dtype=np.int32)
        table[marked] = np.arange(marked.size)
        return cls(marked + given.min()), table[places]

    def __len__(self) -> int:
        """Return the number of ids."""
        return self.ids.size

    def positions(self, ids: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return the position of each id, `UNKNOWN` where there is none, in the shape of ``ids``.

        >>> IdIndex.of([30, 10]).positions([10, 20, 30]).tolist()
        [0, -1, 1]
        """
        wanted = np.asarray(ids, dtype=np.int64)
        if not self.ids.size:
            return np.full(wanted.shape, UNKNOWN, dtype=np.int64)
        if _fits_table(self.ids, wanted.size):
            return self._by_table(wanted)
        return self._by_search(wanted)

    def _by_search(self, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        # Of the type of the ids, which would else be converted, all of them.
        sought = np.minimum(np.maximum(wanted, self.ids[0]), self.ids[-1]).astype(self.ids.dtype)
        places = np.searchsorted(self.ids, sought)
        return np.where(self.ids[places] == wanted, places, UNKNOWN)

    def _by_table(self, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        first, last = int(self.ids[0]), int(self.ids[-1])
        table = np.full(last - first + 2, UNKNOWN, dtype=np.int64)
        table[self.ids.astype(np.int64) - first] = np.arange(self.ids.size)
        inside = (wanted >= first) & (wanted <= last)
        return table[np.where(inside, wanted - first, UNKNOWN)]

    def position(self, single: int) -> int:
        """Return the position of one id, or `UNKNOWN`."""
        if not self.ids.size or not self.ids[0] <= single <= self.ids[-1]:
            return UNKNOWN
        place = int(self.ids.searchsorted(self.ids.dtype.type(single)))
        return place if self.ids[place] == single else UNKNOWN


def _is_dense(ids: npt.NDArray[np.int32]) -> bool:
    """Return whether a table from the lowest id to the highest is smaller than ``ids``."""
    return ids.size > 0 and int(ids.max()) - int(ids.min()) < ids.size


def _marked(places: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the distinct places, rising, by marks in a table: faster than to sort them."""
    marks = np.zeros(int(places.max()) + 1, dtype=np.bool_)
    marks[places] = True
    return np.flatnonzero(marks).astype(np.int32)


def _fits_table(ids: IntArray, n_wanted: int) -> bool:
    """Return whether a table from the lowest id to the highest pays for so many look-ups."""
    return int(ids[-1]) - int(ids[0]) < n_wanted
