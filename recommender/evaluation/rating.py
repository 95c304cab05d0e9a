"""How far rating estimates lie from the ratings that users gave.

Every function raises on a missing or non-finite score: a row that is dropped in silence makes a
model look better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.errors import RouletteError
from recommender.scale import FloatArray, RatingScale

_HISTOGRAM_STEP = 0.25


@dataclass(frozen=True)
class RatingReport:
    """Rating accuracy over one set of ratings.

    Attributes:
        n_ratings: Ratings measured.
        rmse: Root mean squared error, in stars.
        mae: Mean absolute error, in stars.
        mean_error: Mean of estimate minus rating, in stars; above 0 the model is too kind.
    """

    n_ratings: int
    rmse: float
    mae: float
    mean_error: float


@dataclass(frozen=True)
class CalibrationBin:
    """Ratings whose estimates fall between two values.

    Attributes:
        low: Lower edge of the estimates, in stars, included.
        high: Upper edge, in stars, excluded except in the last bin.
        n_ratings: Ratings in the bin, at least 1.
        mean_predicted: Mean estimate, in stars.
        mean_actual: Mean rating, in stars.
    """

    low: float
    high: float
    n_ratings: int
    mean_predicted: float
    mean_actual: float


@dataclass(frozen=True)
class ErrorHistogram:
    """How often an error of each size occurs.

    Attributes:
        edges: The n + 1 edges of the bins, in stars of estimate minus rating, rising.
        counts: Ratings in each of the n bins.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def rating_errors(actual: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return ``predicted - actual`` (shape (n,), float64, stars) after checking both.

    Raises:
        ValueError: The shapes differ, are not one-dimensional, or there is no rating.
        RouletteError: A rating or an estimate is NaN or infinite; the message names the first.
    """
    actual = np.asarray(actual, dtype=np.float64)
    predicted = np.asarray(predicted, dtype=np.float64)
    if actual.shape != predicted.shape or actual.ndim != 1:
        raise ValueError(f"shapes {actual.shape} and {predicted.shape} are not one pair of (n,)")
    if actual.size == 0:
        raise ValueError("an error over no ratings is undefined")
    for what, values in (("rating", actual), ("estimate", predicted)):
        missing = np.flatnonzero(~np.isfinite(values))
        if missing.size:
            raise RouletteError(
                f"{missing.size} of {values.size} values are missing or not finite",
                place=f"{what} at position {missing[0]}",
                value=float(values[missing[0]]),
                remedy="A score must exist for every pair; mend the model rather than the metric.",
            )
    return predicted - actual


def rmse(actual: FloatArray, predicted: FloatArray) -> float:
    """Return the root mean squared error, in stars.

    Args:
        actual: Shape (n,), ratings that users gave.
        predicted: Shape (n,), the estimates.

    Raises:
        ValueError: The shapes differ or there is no rating.
        RouletteError: A value is missing or not finite.

    >>> rmse(np.array([4.0, 2.0]), np.array([3.0, 2.0])) ** 2
    0.5000000000000001
    """
    return float(np.sqrt(np.mean(rating_errors(actual, predicted) ** 2)))


def mae(actual: FloatArray, predicted: FloatArray) -> float:
    """Return the mean absolute error, in stars; arguments and errors as for `rmse`.

    >>> mae(np.array([4.0, 2.0]), np.array([3.0, 2.0]))
    0.5
    """
    return float(np.mean(np.abs(rating_errors(actual, predicted))))


def rating_report(actual: FloatArray, predicted: FloatArray) -> RatingReport:
    """Return all rating metrics at once; arguments and errors as for `rmse`.

    >>> rating_report(np.array([4.0, 2.0]), np.array([3.0, 2.0])).mean_error
    -0.5
    """
    errors = rating_errors(actual, predicted)
    return RatingReport(
        n_ratings=int(errors.size),
        rmse=float(np.sqrt(np.mean(errors**2))),
        mae=float(np.mean(np.abs(errors))),
        mean_error=float(np.mean(errors)),
    )


def calibration(
    actual: FloatArray, predicted: FloatArray, scale: RatingScale
) -> tuple[CalibrationBin, ...]:
    """Return estimates against ratings, in bins of the estimate one scale step wide.

    A bin without ratings is left out. Estimates beyond the scale count in the outermost bins.

    Raises:
        ValueError: The shapes differ or there is no rating.
        RouletteError: A value is missing or not finite.
    """
    rating_errors(actual, predicted)
    n_bins = max(1, round((scale.maximum - scale.minimum) / scale.step))
    edges = np.linspace(scale.minimum, scale.maximum, n_bins + 1)
    place = np.clip(np.searchsorted(edges, predicted, side="right") - 1, 0, n_bins - 1)
    counts = np.bincount(place, minlength=n_bins)
    sum_predicted = np.bincount(place, weights=predicted, minlength=n_bins)
    sum_actual = np.bincount(place, weights=actual, minlength=n_bins)
    return tuple(
        CalibrationBin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            n_ratings=int(counts[i]),
            mean_predicted=float(sum_predicted[i] / counts[i]),
            mean_actual=float(sum_actual[i] / counts[i]),
        )
        for i in np.flatnonzero(counts)
    )


def error_histogram(errors: FloatArray, scale: RatingScale) -> ErrorHistogram:
    """Count errors in bins a quarter of a star wide that reach over the whole scale.

    Args:
        errors: Shape (n,), estimate minus rating, in stars, finite.
        scale: The rating scale, whose width bounds the error of an estimate within it; an error
            beyond it is counted in the outermost bin.
    """
    width = scale.maximum - scale.minimum
    n_bins = 2 * int(np.ceil(width / _HISTOGRAM_STEP))
    reach = n_bins / 2 * _HISTOGRAM_STEP
    counts, edges = np.histogram(np.clip(errors, -reach, reach), bins=n_bins, range=(-reach, reach))
    return ErrorHistogram(
        edges=tuple(float(edge) for edge in edges), counts=tuple(int(count) for count in counts)
    )
