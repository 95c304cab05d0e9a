from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from monitoring.distances import (
    categorical_distances,
    coarse_starts,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    numeric_distances,
    population_stability_index,
    total_variation,
)

ALL = (
    population_stability_index,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    total_variation,
)
counts = st.lists(st.integers(0, 1000), min_size=2, max_size=20).filter(any)


@given(st.data())
def test_distances_are_symmetric_not_negative_and_nothing_from_a_thing_to_itself(
    data: st.DataObject,
) -> None:
    first = data.draw(counts)
    second = data.draw(
        st.lists(st.integers(0, 1000), min_size=len(first), max_size=len(first)).filter(any)
    )
    for distance in ALL:
        assert distance(first, second) >= 0.0
        assert distance(first, second) == pytest.approx(distance(second, first))
        assert distance(first, [7 * count for count in first]) == pytest.approx(0.0, abs=1e-7)


@given(counts)
def test_the_jensen_shannon_distance_is_that_of_scipy(first: list[int]) -> None:
    second = list(reversed(first))
    expected = jensenshannon(first, second, base=2)
    assert jensen_shannon(first, second) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("distance", ALL)
def test_nothing_has_no_distribution(distance: object) -> None:
    with pytest.raises(ValueError, match="at least one value"):
        distance([0, 0], [1, 0])  # type: ignore[operator]


def test_an_empty_bin_is_not_infinitely_far() -> None:
    assert population_stability_index([1, 1], [1, 0]) < 5.0


def test_coarse_bins_hold_about_equal_parts_and_a_heavy_value_stays_alone() -> None:
    even = coarse_starts(np.ones(100), 10)
    assert even.tolist() == list(range(0, 100, 10))
    assert coarse_starts([90, 5, 5], 10).tolist() == [0, 1]


def test_numbers_are_compared_in_coarse_bins_but_for_the_largest_gap() -> None:
    fine = np.ones(100)
    live = fine.copy()
    live[::2], live[1::2] = 2.0, 0.0
    found = numeric_distances(fine, live)
    assert found.psi == pytest.approx(0.0)
    assert found.ks == pytest.approx(0.01)


def test_a_name_that_one_side_lacks_counts_there_as_nothing() -> None:
    found = categorical_distances({"a": 1, "b": 1}, {"a": 1, "c": 1})
    assert found.ks == pytest.approx(0.5)
    assert found.hellinger == pytest.approx(np.sqrt(0.5))
