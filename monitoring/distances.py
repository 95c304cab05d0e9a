"""Distances between two distributions over the same bins; no p-values.

A p-value says whether a difference is there at all, which with a million events it always is. A
distance says how large it is, whatever the number of events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.scale import FloatArray

#: What an empty bin counts for, so that one value more or less is not infinitely far.
FLOOR = 1e-4


@dataclass(frozen=True)
class Distances:
    """How far live values are from the reference.

    Attributes:
        psi: Population stability index, from 0 without bound; 0.1 is a small shift, 0.2 a large
            one by the custom of credit scoring (Siddiqi 2006).
        hellinger: From 0 to 1.
        jensen_shannon: Square root of the divergence to base 2, from 0 to 1.
        ks: Largest difference between the two cumulative distributions, from 0 to 1. Names have
            no order, so for them it is the largest over all sets of names: total variation.
    """

    psi: float
    hellinger: float
    jensen_shannon: float
    ks: float


def population_stability_index(reference: npt.ArrayLike, live: npt.ArrayLike) -> float:
    """Return the sum of ``(live - reference) ln(live / reference)`` over the bins.

    Args:
        reference: Shape (n,), counts or shares.
        live: The same.

    >>> population_stability_index([1, 1], [1, 1])
    0.0
    >>> round(population_stability_index([0.5, 0.5], [0.25, 0.75]), 4)
    0.2747
    """
    p, q = (_floored(counts) for counts in (reference, live))
    return float(np.sum((q - p) * np.log(q / p)))


def hellinger(reference: npt.ArrayLike, live: npt.ArrayLike) -> float:
    """Return the Hellinger distance.

    >>> hellinger([1, 0], [0, 1])
    1.0
    """
    p, q = _shares(reference), _shares(live)
    return float(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2.0))


def jensen_shannon(reference: npt.ArrayLike, live: npt.ArrayLike) -> float:
    """Return the Jensen-Shannon distance to base 2 (Endres and Schindelin 2003).

    >>> jensen_shannon([1, 0], [0, 1])
    1.0
    """
    p, q = _shares(reference), _shares(live)
    middle = (p + q) / 2.0
    divergence = (_divergence(p, middle) + _divergence(q, middle)) / 2.0
    return float(np.sqrt(max(divergence, 0.0)))


def kolmogorov_smirnov(reference: npt.ArrayLike, live: npt.ArrayLike) -> float:
    """Return the largest difference of the cumulative shares of ordered bins.

    >>> kolmogorov_smirnov([1, 1, 2], [2, 1, 1])
    0.25
    """
    difference = np.cumsum(_shares(reference)) - np.cumsum(_shares(live))
    return float(np.max(np.abs(difference)))


def total_variation(reference: npt.ArrayLike, live: npt.ArrayLike) -> float:
    """Return the largest difference in the share of any set of bins.

    >>> total_variation([1, 1, 2], [2, 1, 1])
    0.25
    """
    return float(np.abs(_shares(reference) - _shares(live)).sum() / 2.0)


def numeric_distances(reference: FloatArray, live: FloatArray, *, bins: int = 10) -> Distances:
    """Return the distances of ordered fine bins.

    The Kolmogorov-Smirnov distance uses them all; the others use about ``bins`` equal parts of the
    reference, as is the custom, since in narrow bins chance is taken for drift.

    Args:
        reference: Shape (n,), counts or shares in fine bins.
        live: The same, in the same bins.
        bins: How many coarse bins to make, at most.
    """
    starts = coarse_starts(reference, bins)
    p, q = (np.add.reduceat(_shares(counts), starts) for counts in (reference, live))
    return Distances(
        population_stability_index(p, q),
        hellinger(p, q),
        jensen_shannon(p, q),
        kolmogorov_smirnov(reference, live),
    )


def categorical_distances(reference: Mapping[str, float], live: Mapping[str, float]) -> Distances:
    """Return the distances of counts by name; a name that one side lacks counts 0 there."""
    names = sorted({*reference, *live})
    p = np.array([reference.get(name, 0.0) for name in names], dtype=np.float64)
    q = np.array([live.get(name, 0.0) for name in names], dtype=np.float64)
    return Distances(
        population_stability_index(p, q),
        hellinger(p, q),
        jensen_shannon(p, q),
        total_variation(p, q),
    )


def coarse_starts(counts: npt.ArrayLike, bins: int) -> npt.NDArray[np.int64]:
    """Return where each of at most ``bins`` parts of about equal count begins.

    >>> coarse_starts([1, 1, 1, 1], 2).tolist()
    [0, 2]
    """
    shares = _shares(counts)
    # The part in which the middle of each fine bin lies.
    middles = np.cumsum(shares) - shares / 2.0
    parts = np.minimum((middles * bins + 1e-9).astype(np.int64), bins - 1)
    return np.flatnonzero(np.diff(parts, prepend=-1)).astype(np.int64)


def _shares(counts: npt.ArrayLike) -> FloatArray:
    found = np.asarray(counts, dtype=np.float64)
    total = found.sum()
    if found.size == 0 or not total > 0.0:
        raise ValueError("a distribution needs at least one value")
    shares: FloatArray = found / total
    return shares


def _floored(counts: npt.ArrayLike) -> FloatArray:
    shares = np.maximum(_shares(counts), FLOOR)
    return _shares(shares)


def _divergence(p: FloatArray, q: FloatArray) -> float:
    some = p > 0.0
    return float(np.sum(p[some] * np.log2(p[some] / q[some])))
