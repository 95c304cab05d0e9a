"""The lowest error that any model can reach on simulated ratings.

A rating is ``clip(round(score + noise))`` with Gaussian noise of known size. Given the score, it
is a discrete random variable with known probabilities; the estimate of least mean squared error
is its expectation, and what remains is its variance. No model, however good, does better on
average, since the noise of a rating is independent of everything it can know.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from recommender.scale import FloatArray, RatingScale


def rating_moments(
    scores: FloatArray, steps: FloatArray, noise: float
) -> tuple[FloatArray, FloatArray]:
    """Return expectation and variance of the ratings that come of noiseless scores.

    Args:
        scores: Shape (n,), stars.
        steps: Shape (n,), the viewer's distance between ratings, 0.5 or 1 star.
        noise: Standard deviation of the noise, stars, above 0.

    Returns:
        Two arrays of shape (n,): stars, and stars squared.
    """
    top = RatingScale().maximum
    mean = np.empty_like(scores)
    variance = np.empty_like(scores)
    for step in np.unique(steps):
        rows = steps == step
        grid = np.arange(1, round(top / step) + 1) * step
        edges = (grid[1:] + grid[:-1]) / 2
        below = ndtr((edges - scores[rows, None]) / noise)
        share = np.diff(below, axis=1, prepend=0.0, append=1.0)
        mean[rows] = share @ grid
        variance[rows] = share @ grid**2 - mean[rows] ** 2
    return mean, variance


def rmse_floor(scores: FloatArray, steps: FloatArray, noise: float) -> float:
    """Return the root of the mean variance of ratings given their scores, in stars.

    The arguments are those of `rating_moments`.
    """
    return float(np.sqrt(rating_moments(scores, steps, noise)[1].mean()))
