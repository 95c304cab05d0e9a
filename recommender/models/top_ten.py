"""NDCG@10 of many lists at once, as fast as a search over weights needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
import numpy.typing as npt

Kernel = Callable[..., npt.NDArray[np.float64]]

#: Length of the lists.
K = 10
#: What a hit at each place gains.
DISCOUNTS = 1.0 / np.log2(np.arange(2, K + 2))


def _ndcg_of_sums(
    base: npt.NDArray[np.float32],
    signal: npt.NDArray[np.float32],
    weight: np.float32,
    liked: npt.NDArray[np.bool_],
    ideal: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the NDCG@10 of each list ordered by ``base + weight signal``, shape (lists,).

    Of equal scores the earlier candidate comes first.

    Args:
        base: Shape (lists, candidates).
        signal: Shape (lists, candidates).
        weight: Of the signal.
        liked: Shape (lists, candidates).
        ideal: Shape (lists,), the highest possible gain.
    """
    n_lists, n_candidates = base.shape
    k = K
    found = np.zeros(n_lists)
    best = np.empty(k, dtype=np.float32)
    hits = np.empty(k, dtype=np.bool_)
    for row in range(n_lists):
        filled = 0
        for place in range(n_candidates):
            score = base[row, place] + weight * signal[row, place]
            if filled == k and score <= best[k - 1]:
                continue
            rank = min(filled, k - 1)
            while rank > 0 and best[rank - 1] < score:
                best[rank] = best[rank - 1]
                hits[rank] = hits[rank - 1]
                rank -= 1
            best[rank] = score
            hits[rank] = liked[row, place]
            filled = min(filled + 1, k)
        gain = 0.0
        for rank in range(filled):
            if hits[rank]:
                gain += DISCOUNTS[rank]
        found[row] = gain / ideal[row]
    return found


@cache
def ndcg_kernel() -> Kernel:
    """Return `_ndcg_of_sums`, compiled at its first call or taken from the cache on disk."""
    kernel: Kernel = numba.njit(cache=True)(_ndcg_of_sums)
    return kernel
