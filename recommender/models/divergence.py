"""When a training diverges, and what to tell of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.errors import TrainingError

#: How much worse than estimating 0 for every rating, in stars, is taken for divergence.
_SLACK = 1.0


def largest_rmse(
    stars: npt.NDArray[Any], n_factors: int, init_mean: float, init_std: float
) -> float:
    """Return the RMSE that a training cannot exceed unless it diverges, in stars.

    Twice that of estimating 0 throughout and what random factors add to that, and `_SLACK`.

    Args:
        stars: Shape (n,), what is learned from.
        n_factors: Latent factors.
        init_mean: Mean of the normal distribution from which they are drawn.
        init_std: Its standard deviation.
    """
    squares = float(np.einsum("n,n->", stars, stars, dtype=np.float64))
    level = math.sqrt(squares / stars.size)
    drawn = n_factors * (init_mean**2 + init_std**2)
    return 2.0 * (level + drawn) + _SLACK


def diverged(place: str, setting: str, epoch: int, rmse: float, rate: float) -> TrainingError:
    """Return the error of a training that diverges, with the learning rate to try.

    Args:
        place: Name of the model.
        setting: The hyper-parameter that is its learning rate.
        epoch: The epoch that shows it, from 1; in the first one the rate is far off.
        rmse: RMSE in that epoch, in stars; may be NaN or infinite.
        rate: The learning rate.
    """
    return TrainingError(
        f"gradient descent diverges: in epoch {epoch} the training RMSE is {rmse:.3g} stars with "
        f"a learning rate of {rate:g}",
        place=place,
        remedy=f"Set {setting} lower. Try a learning rate of "
        f"{rate / (10.0 if epoch == 1 else 3.0):.1g}.",
    )


def require_finite(arrays: Mapping[str, Any], place: str, *, remedy: str) -> None:
    """Check that a model can be used: a sum that takes in NaN or infinity is neither.

    Args:
        arrays: Arrays and numbers by name; those of whole numbers cannot be wrong.
        place: Name of the model.
        remedy: With what the message ends.

    Raises:
        TrainingError: A number is NaN or infinite.
    """
    for name, values in arrays.items():
        array = np.asarray(values)
        if not np.issubdtype(array.dtype, np.floating):
            continue
        with np.errstate(all="ignore"):
            total = array.sum(dtype=np.float64)
        if not np.isfinite(total):
            raise TrainingError(
                f"the training diverged: {name} holds a number that is NaN or infinite",
                place=place,
                remedy=remedy,
            )
