"""The one module that knows whylogs: sketches of columns, their bytes, and what is read of them."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd

# whylogs 1.6 names this alias of NumPy 1, which NumPy 2 has dropped; nothing else of it breaks.
vars(np).setdefault("unicode_", np.str_)
# It would report its use while it is imported; a value that the user set wins.
os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "1")

from whylogs.core import DatasetProfile  # noqa: E402 - after the mend
from whylogs.core.view.dataset_profile_view import DatasetProfileView  # noqa: E402

from monitoring.errors import MonitoringError  # noqa: E402
from recommender.reference import column  # noqa: E402
from recommender.scale import FloatArray  # noqa: E402

# It tells of every block that it reads.
logging.getLogger("whylogs").setLevel(logging.WARNING)

Values = Mapping[str, Any]


class Sketches:
    """Mergeable sketches of columns, as whylogs keeps them.

    Numbers are in KLL sketches, whose quantiles are off by 0.3 % of the ranks at most with
    whylogs' size for them; names are counted, exactly while there are fewer than 768 of them.

    Args:
        view: What whylogs has.
    """

    def __init__(self, view: DatasetProfileView) -> None:
        self._view = view

    @classmethod
    def of(cls, values: Values) -> Self:
        """Return sketches of values.

        Args:
            values: By column: numbers, or names.
        """
        profile = DatasetProfile()
        for name, found in values.items():
            if len(found):
                dtype = np.float64 if column(name).kind == "numeric" else object
                profile.track(pd.DataFrame({name: np.asarray(found, dtype=dtype)}))
        return cls(profile.view())

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return what `to_bytes` wrote.

        Raises:
            MonitoringError: It is something else.
        """
        try:
            return cls(DatasetProfileView.deserialize(content))
        except Exception as error:
            # whylogs and protobuf raise errors of many classes for bytes that are not theirs.
            raise MonitoringError(f"not a profile that whylogs wrote: {error!r}") from error

    def to_bytes(self, metadata: Mapping[str, str]) -> bytes:
        """Return a file of whylogs; any whylogs can read it.

        Args:
            metadata: Kept with it.
        """
        self._view.metadata.clear()
        self._view.metadata.update(metadata)
        content: bytes = self._view.serialize()
        return content

    @property
    def metadata(self) -> dict[str, str]:
        """What was kept with it."""
        return dict(self._view.metadata)

    def merged(self, other: Sketches) -> Sketches:
        """Return the sketches of the values of both."""
        return Sketches(self._view.merge(other._view))

    def count(self, name: str) -> int:
        """Return how many values of a column there are."""
        found = self._view.get_column(name)
        return 0 if found is None else int(found.get_metric("counts").n.value)

    def shares_between(self, name: str, edges: FloatArray) -> FloatArray:
        """Return the share of values below the first edge, between each two, above the last.

        Args:
            name: A numeric column with values.
            edges: Shape (n,), rising.
        """
        if not edges.size:
            return np.ones(1)
        sketch = self._view.get_column(name).get_metric("distribution").kll.value
        shares: FloatArray = np.asarray(sketch.get_pmf([float(edge) for edge in edges]))
        return shares

    def quantile(self, name: str, rank: float) -> float:
        """Return the value below which a share ``rank`` of a numeric column's values lies."""
        sketch = self._view.get_column(name).get_metric("distribution").kll.value
        return float(sketch.get_quantile(rank))

    def names(self, name: str) -> dict[str, float]:
        """Return how often each name of a categorical column occurs."""
        found = self._view.get_column(name).get_metric("frequent_items").strings
        return {item.value: float(item.est) for item in found}
