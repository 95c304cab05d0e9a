"""Confidence intervals by resampling users.

A user's ratings resemble one another, so users, not ratings, are drawn with replacement. Every
metric here is a ratio of two sums over users (for RMSE, its root), hence a resample needs only
each user's two numbers and how often the user was drawn: one matrix product for many resamples.
Intervals are percentile intervals (Efron and Tibshirani, 1993, chapter 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.scale import FloatArray, IntArray

#: Fewest users for whom an interval is stated; below it the resamples hardly differ.
MIN_USERS = 10
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, eq=False)
class UserTotals:
    """What each user contributes to one metric, ``f(sum(totals) / sum(counts))``.

    Attributes:
        user_ids: Shape (n,), no repeats.
        totals: Shape (n,), for example sums of squared errors, or a ranking metric's value.
        counts: Shape (n,), above 0: the ratings behind each total, or 1.
        root: Whether the metric is the square root of the ratio.
    """

    user_ids: IntArray
    totals: FloatArray
    counts: FloatArray
    root: bool = False

    def __post_init__(self) -> None:
        if not self.user_ids.shape == self.totals.shape == self.counts.shape:
            raise ValueError("user ids, totals and counts differ in shape")
        if self.user_ids.ndim != 1 or self.user_ids.size == 0:
            raise ValueError("a metric over no users is undefined")
        if not (np.all(self.counts > 0) and np.all(np.isfinite(self.totals))):
            raise ValueError("counts must be above 0 and totals finite")

    @property
    def value(self) -> float:
        """The metric over all users."""
        ratio = self.totals.sum() / self.counts.sum()
        return float(np.sqrt(ratio) if self.root else ratio)


@dataclass(frozen=True)
class PairedDifference:
    """One metric of two models over the same users.

    Attributes:
        first: The metric of the first model.
        second: The metric of the second.
        estimate: ``first - second``.
        low: Lower end of the interval of the difference.
        high: Upper end.
        confidence: Level of the interval.
        n_users: Users compared.
    """

    first: float
    second: float
    estimate: float
    low: float
    high: float
    confidence: float
    n_users: int


def resample_ratios(
    totals: FloatArray, counts: FloatArray, *, n_samples: int, seed: int
) -> FloatArray:
    """Return ``sum(totals) / sum(counts)`` over resampled users.

    Args:
        totals: Shape (n_users, n_metrics).
        counts: Shape (n_users, n_metrics), above 0.
        n_samples: Resamples of ``n_users`` users each, drawn with replacement.
        seed: Same seed and number of users, same resamples.

    Returns:
        Shape (n_samples, n_metrics). All metrics of one row come from the same resample.
    """
    rng = np.random.default_rng(seed)
    n_users = len(totals)
    samples = np.empty((n_samples, totals.shape[1]))
    rows = max(1, _CELLS_AT_ONCE // n_users)
    for start in range(0, n_samples, rows):
        size = min(rows, n_samples - start)
        drawn = rng.integers(0, n_users, size=(size, n_users))
        drawn += np.arange(size)[:, np.newaxis] * n_users
        flat = np.bincount(drawn.ravel(), minlength=size * n_users)
        weights = flat.reshape(size, n_users).astype(np.float64)
        samples[start : start + size] = (weights @ totals) / (weights @ counts)
    return samples


def bootstrap_intervals(
    metrics: Mapping[str, UserTotals], *, n_samples: int, confidence: float, seed: int
) -> dict[str, tuple[float, float]]:
    """Return the percentile interval of each metric that has at least `MIN_USERS` users.

    Args:
        metrics: By key; all over the same number of users are resampled together.
        n_samples: Resamples.
        confidence: Level of the intervals, in (0, 1).
        seed: Seed of the resamples.

    Returns:
        ``(low, high)`` by key; a metric over fewer users has no entry.
    """
    groups: dict[int, list[str]] = {}
    for key, metric in metrics.items():
        if metric.user_ids.size >= MIN_USERS:
            groups.setdefault(metric.user_ids.size, []).append(key)
    intervals = {}
    for keys in groups.values():
        totals = np.column_stack([metrics[key].totals for key in keys])
        counts = np.column_stack([metrics[key].counts for key in keys])
        ratios = resample_ratios(totals, counts, n_samples=n_samples, seed=seed)
        for column, key in enumerate(keys):
            values = np.sqrt(ratios[:, column]) if metrics[key].root else ratios[:, column]
            intervals[key] = percentile_interval(values, confidence)
    return {key: intervals[key] for key in metrics if key in intervals}


def paired_difference(
    first: UserTotals, second: UserTotals, *, n_samples: int, confidence: float, seed: int
) -> PairedDifference:
    """Return how far the first model's metric lies above the second's, with its interval.

    Both models are resampled with the same draws, so that what makes a user easy or hard for
    both cancels out.

    Raises:
        ValueError: The two do not hold the same users, counts and form of metric.
    """
    same = (
        np.array_equal(first.user_ids, second.user_ids)
        and np.array_equal(first.counts, second.counts)
        and first.root == second.root
    )
    if not same:
        raise ValueError("the two models were not measured on the same ratings of the same users")
    ratios = resample_ratios(
        np.column_stack([first.totals, second.totals]),
        np.column_stack([first.counts, second.counts]),
        n_samples=n_samples,
        seed=seed,
    )
    values = np.sqrt(ratios) if first.root else ratios
    low, high = percentile_interval(values[:, 0] - values[:, 1], confidence)
    return PairedDifference(
        first=first.value,
        second=second.value,
        estimate=first.value - second.value,
        low=low,
        high=high,
        confidence=confidence,
        n_users=int(first.user_ids.size),
    )


def percentile_interval(samples: FloatArray, confidence: float) -> tuple[float, float]:
    """Return the quantiles that leave ``1 - confidence`` outside, half on each side.

    >>> percentile_interval(np.arange(101.0), 0.5)
    (25.0, 75.0)
    """
    outside = (1.0 - confidence) / 2.0
    low, high = np.quantile(samples, [outside, 1.0 - outside])
    return float(low), float(high)
