"""Fits that do not depend on what is tried, kept in memory from one trial to the next.

Trials of one study learn from the same ratings over and over. Where none of the values that they
try bears on a part, fitting it once is enough: a kept fit equals a new one to the last bit.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

import numpy as np

from recommender.inference.rankings import ImplicitRanking
from recommender.models.ials import fit_ials
from recommender.models.indexed import IndexedRatings
from recommender.settings import ModelParams

#: Most memory that kept factors take, in bytes. The oldest ones go first.
_MOST_BYTES = 500_000_000


class KeptImplicitFits:
    """Fits iALS, or returns what the same ratings and hyper-parameters gave before.

    Safe to use from several threads.

    Args:
        most_bytes: Most memory that the kept factors take.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, ImplicitRanking] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of fits that are kept."""
        return len(self._kept)

    def __call__(self, data: IndexedRatings, params: ModelParams, seed: int) -> ImplicitRanking:
        """Return what `fit_ials` does; its arrays are shared and must not be changed."""
        key = _key(data, params, seed)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        fitted = fit_ials(data, params, seed)
        with self._lock:
            self._kept[key] = fitted
            while len(self._kept) > 1 and self._bytes() > self._most_bytes:
                self._kept.popitem(last=False)
        return fitted

    def _bytes(self) -> int:
        return sum(kept.factors.nbytes for kept in self._kept.values())


def _key(data: IndexedRatings, params: ModelParams, seed: int) -> str:
    """Return the digest of all on which a fit depends."""
    own = {name: value for name, value in vars(params).items() if name.startswith("ials_")}
    sizes = data.n_users, data.n_movies, data.scale, seed
    digest = hashlib.sha256(repr((sorted(own.items()), sizes)).encode())
    for column in (data.users, data.movies, data.stars):
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
