"""The rating scale and the types that training and serving share without frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer]
FloatArray = npt.NDArray[np.floating]
SplitMethod = Literal["temporal", "random", "leave_last_k"]
#: From the lowest to the highest rating on MovieLens's scale.
_SPAN = 4.5


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

    @property
    def unit(self) -> float:
        """How many times as wide as MovieLens's the scale is: what variances are stated in.

        >>> RatingScale().unit, RatingScale(0.0, 90.0, 1.0).unit
        (1.0, 20.0)
        """
        return (self.maximum - self.minimum) / _SPAN

    def in_units(self) -> RatingScale:
        """Return the scale of ratings that are divided by `unit`."""
        unit = self.unit
        return RatingScale(self.minimum / unit, self.maximum / unit, self.step / unit)

    def clip(self, ratings: FloatArray) -> FloatArray:
        """Return ``ratings`` (any shape, stars) limited to the scale."""
        return np.clip(ratings, self.minimum, self.maximum)
