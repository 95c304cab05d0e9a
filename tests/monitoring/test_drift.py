from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from monitoring.drift import (
    MOST_NAMES,
    column_drift,
    distances_of,
    distribution,
    first_window_reference,
)
from monitoring.sketches import Sketches
from recommender.reference import CategoryCounts, Histogram, ReferenceProfile, summarize_error

N = 10_000
TOLERANCE = 0.02


def raw_shares(reference: np.ndarray, live: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares in the tenths of the reference, each value put where it belongs."""
    edges = np.unique(np.quantile(reference, np.linspace(0.1, 0.9, 9)))
    both = [
        np.bincount(np.searchsorted(edges, x), minlength=edges.size + 1) for x in (reference, live)
    ]
    return both[0] / reference.size, both[1] / live.size


def raw_psi(p: np.ndarray, q: np.ndarray) -> float:
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return float(((q - p) * np.log(q / p)).sum())


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3, 0.6])
def test_distances_of_numbers_are_those_of_the_raw_values(shift: float) -> None:
    rng = np.random.default_rng(3)
    reference, live = rng.normal(size=N), rng.normal(shift, 1.0 + shift / 3.0, size=N)
    found = distances_of(Sketches.of({"latency_ms": live}), "latency_ms", Histogram.of(reference))
    p, q = raw_shares(reference, live)
    assert found.psi == pytest.approx(raw_psi(p, q), abs=TOLERANCE)
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q, base=2), abs=TOLERANCE)
    raw_hellinger = np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2.0)
    assert found.hellinger == pytest.approx(raw_hellinger, abs=TOLERANCE)
    assert found.ks == pytest.approx(ks_2samp(reference, live).statistic, abs=TOLERANCE)


def test_numbers_of_few_values_are_counted_exactly() -> None:
    rng = np.random.default_rng(4)
    stars = np.arange(1, 11) / 2.0
    reference, live = rng.choice(stars, N), rng.choice(stars, N, p=np.arange(1, 11) / 55.0)
    found = distances_of(Sketches.of({"rating": live}), "rating", Histogram.of(reference))
    p, q = (np.bincount((x * 2).astype(int), minlength=11)[1:] / N for x in (reference, live))
    assert found.psi == pytest.approx(raw_psi(p, q), abs=TOLERANCE)


def test_distances_of_names_are_those_of_the_raw_values() -> None:
    rng = np.random.default_rng(5)
    names = np.array(["Action", "Comedy", "Drama", "War"], dtype=object)
    reference, live = rng.choice(names, N), rng.choice(names, N, p=[0.4, 0.3, 0.2, 0.1])
    sketches = Sketches.of({"rated_genre": live})
    found = distances_of(sketches, "rated_genre", CategoryCounts.of(reference))
    p, q = (np.array([Counter(x)[name] for name in names]) / N for x in (reference, live))
    assert found.psi == pytest.approx(raw_psi(p, q), abs=TOLERANCE)
    assert found.jensen_shannon == pytest.approx(jensenshannon(p, q, base=2), abs=TOLERANCE)
    assert found.ks == pytest.approx(np.abs(p - q).sum() / 2.0, abs=TOLERANCE)


def test_columns_without_values_or_reference_have_no_drift() -> None:
    sketches = Sketches.of({"rating": [4.0], "rated_year": [2000.0]})
    reference = {
        "rating": Histogram.of([4.0]),
        "rated_genre": CategoryCounts.of(["Drama"]),
        "rated_year": Histogram.of([]),
    }
    found = column_drift(sketches, reference)
    assert set(found) == {"rating"}
    assert found["rating"].distances.psi == pytest.approx(0.0)


def test_what_only_a_server_knows_is_compared_with_its_first_window() -> None:
    rng = np.random.default_rng(6)
    first = Sketches.of({"latency_ms": rng.gamma(2.0, 5.0, N), "clicked_position": [0.0, 1.0, 1.0]})
    reference = first_window_reference(first)
    assert set(reference) == {"latency_ms", "clicked_position"}
    same = Sketches.of({"latency_ms": rng.gamma(2.0, 5.0, N)})
    slow = Sketches.of({"latency_ms": rng.gamma(2.0, 15.0, N)})
    expected = reference["latency_ms"]
    assert distances_of(same, "latency_ms", expected).psi < 0.02
    assert distances_of(slow, "latency_ms", expected).psi > 0.5
    assert distances_of(first, "clicked_position", reference["clicked_position"]).psi < 1e-6


def test_shares_for_people_add_up_in_the_same_bins() -> None:
    sketches = Sketches.of(
        {
            "rating": [1.0] * 30 + [5.0] * 70,
            "rated_genre": [f"g{n}" for n in range(30)],
            "rated_year": [2000.0],
        }
    )
    stars = distribution(sketches, "rating", Histogram.of([1.0, 5.0]))
    assert stars.labels == ("below 3", "above 3")
    assert stars.live == pytest.approx([0.3, 0.7])
    names = distribution(sketches, "rated_genre", CategoryCounts.of(["g1", "g2"]))
    assert len(names.labels) == MOST_NAMES + 1
    assert names.labels[-1].endswith("others")
    assert sum(names.live) == pytest.approx(1.0, abs=1e-4)
    assert distribution(sketches, "rated_year", Histogram.of([2000.0])).labels == ("all",)


def test_a_reference_survives_its_arrays() -> None:
    columns = {
        "rating": Histogram.of([1.0, 2.0, 2.0]),
        "rated_genre": CategoryCounts.of(["Drama", "Film-Noir", "Drama"]),
    }
    made = ReferenceProfile(columns, summarize_error(np.ones(3), np.zeros(3)))
    again = ReferenceProfile.from_arrays({**made.to_arrays(), "other.array": np.zeros(1)})
    assert again is not None
    assert again.to_arrays().keys() == made.to_arrays().keys()
    for name, array in made.to_arrays().items():
        assert np.array_equal(again.to_arrays()[name], array), name
    assert ReferenceProfile.from_arrays({}) is None
    assert summarize_error(np.empty(0), np.empty(0)).tolist() == [0.0, 0.0, 0.0]


def test_no_edge_of_a_histogram_is_a_value() -> None:
    rng = np.random.default_rng(8)
    for values in (rng.normal(size=5000), rng.integers(0, 300, 5000), [3.0], []):
        found = Histogram.of(values)
        assert not np.isin(found.edges, values).any()
        assert found.edges.size <= 99
        assert found.total == len(values)
