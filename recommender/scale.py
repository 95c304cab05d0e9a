"""The rating scale and the types that training and serving share without frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.floating]
SplitMethod = Literal["temporal", "random", "leave_last_k"]


@dataclass(frozen=True)
class RatingScale:
    """The grid on which users rate.

    Attributes:
        minimum: Lowest rating, in stars.
        maximum: Highest rating, in stars.
        step: Distance between neighbouring ratings, in stars.
    """

    minimum: float = 0.5
    maximum: float = 5.0
    step: float = 0.5

    def clip(self, ratings: FloatArray) -> FloatArray:
        """Return ``ratings`` (any shape, stars) limited to the scale."""
        return np.clip(ratings, self.minimum, self.maximum)
