"""Sorting by small whole numbers, such as positions of users, in time linear in their number."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


def stable_positions(keys: npt.NDArray[np.integer[Any]], n_keys: int) -> Positions:
    """Return the rows in the order of their keys, equal keys in the order in which they stand.

    The same as ``np.argsort(keys, kind="stable")``, by counting.

    Args:
        keys: Shape (n,), from 0 to below ``n_keys``.
        n_keys: How many different keys there may be.

    >>> stable_positions(np.array([2, 0, 2, 1]), 3).tolist()
    [1, 3, 0, 2]
    """
    return _kernel()(keys, row_starts(keys, n_keys))


def row_starts(keys: npt.NDArray[np.integer[Any]], n_keys: int) -> Positions:
    """Return where the rows of each key begin once they are sorted by it, shape (n_keys + 1,).

    >>> row_starts(np.array([2, 0, 2, 1]), 3).tolist()
    [0, 1, 2, 4]
    """
    starts = np.zeros(n_keys + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=n_keys), out=starts[1:])
    return starts


def _place_rows(keys: Positions, starts: Positions) -> Positions:
    following = starts.copy()
    order = np.empty(keys.size, dtype=np.int64)
    for row in range(keys.size):
        key = keys[row]
        order[following[key]] = row
        following[key] += 1
    return order


@cache
def _kernel() -> Callable[..., Positions]:
    """Return `_place_rows`, compiled at its first call or taken from the cache on disk."""
    kernel: Callable[..., Positions] = numba.njit(cache=True, nogil=True)(_place_rows)
    return kernel
