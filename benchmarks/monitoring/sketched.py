"""Distances from sketches against the same from the raw values."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from monitoring.drift import distances_of
from monitoring.sketches import Sketches
from recommender.reference import CategoryCounts, Histogram
from recommender.scale import FloatArray

_VALUES = 10_000
_SHIFTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
_FLOOR = 1e-4


def measure() -> dict[str, Any]:
    """Return the largest difference of each distance, over shapes and shifts."""
    rng = np.random.default_rng(17)
    largest: dict[str, float] = {}
    for shift in _SHIFTS:
        for kind, reference, live in _numbers(rng, shift):
            found = distances_of(Sketches.of({kind: live}), kind, Histogram.of(reference))
            edges = np.unique(np.quantile(reference, np.linspace(0.1, 0.9, 9)))
            shares = [_binned(values, edges) for values in (reference, live)]
            ks = float(ks_2samp(reference, live).statistic)
            _keep(largest, found, _raw(*shares), ks)
        names = np.array([f"genre {n}" for n in range(20)], dtype=object)
        weights = np.arange(1.0, 21.0) ** (-1.0 - shift)
        reference, live = (
            rng.choice(names, _VALUES),
            rng.choice(names, _VALUES, p=weights / weights.sum()),
        )
        sketches = Sketches.of({"rated_genre": live})
        found = distances_of(sketches, "rated_genre", CategoryCounts.of(reference))
        p, q = (np.array([Counter(x)[n] for n in names]) / _VALUES for x in (reference, live))
        _keep(largest, found, _raw(p, q), float(np.abs(p - q).sum() / 2.0))
    return {"values": _VALUES, "largest": max(largest.values()), **largest}


def _numbers(rng: np.random.Generator, shift: float) -> list[tuple[str, FloatArray, FloatArray]]:
    stars = np.arange(1, 11) / 2.0
    leaning = np.linspace(1.0, 1.0 + 4.0 * shift, 10)
    weights = leaning / leaning.sum()
    years = 2020.0 - np.floor(rng.exponential(15.0, _VALUES))
    later = 2020.0 - np.floor(rng.exponential(15.0 * (1.0 + shift), _VALUES))
    return [
        ("latency_ms", rng.normal(size=_VALUES), rng.normal(shift, 1.0 + shift, _VALUES)),
        ("rated_popularity", rng.pareto(2.0, _VALUES), rng.pareto(2.0 - shift, _VALUES)),
        (
            "rating",
            rng.choice(stars, _VALUES),
            rng.choice(stars, _VALUES, p=weights),
        ),
        ("rated_year", years, later),
    ]


def _binned(values: FloatArray, edges: FloatArray) -> FloatArray:
    counts = np.bincount(np.searchsorted(edges, values), minlength=edges.size + 1)
    shares: FloatArray = counts / values.size
    return shares


def _raw(p: FloatArray, q: FloatArray) -> tuple[float, float, float]:
    p_floored, q_floored = np.maximum(p, _FLOOR), np.maximum(q, _FLOOR)
    psi = float(((q_floored - p_floored) * np.log(q_floored / p_floored)).sum())
    hellinger = float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2.0))
    return psi, hellinger, float(jensenshannon(p, q, base=2))


def _keep(
    largest: dict[str, float], found: Any, raw: tuple[float, float, float], ks: float
) -> None:
    expected = dict(zip(("psi", "hellinger", "jensen_shannon"), raw, strict=True)) | {"ks": ks}
    for name, value in expected.items():
        error = abs(getattr(found, name) - value)
        largest[name] = round(max(largest.get(name, 0.0), error), 5)
