"""Intervals over users: what they estimate, how often they cover, and when they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.evaluation.bootstrap import (
    MIN_USERS,
    UserTotals,
    bootstrap_intervals,
    paired_difference,
    resample_ratios,
)


def totals_of(values, counts=None, *, root=False):
    values = np.asarray(values, dtype=float)
    counts = np.ones(values.size) if counts is None else np.asarray(counts, dtype=float)
    return UserTotals(np.arange(values.size), values, counts, root=root)


def test_resamples_are_those_of_drawing_rows_one_by_one():
    rng = np.random.default_rng(0)
    totals, counts = rng.random((50, 2)), rng.integers(1, 9, (50, 2)).astype(float)
    ours = resample_ratios(totals, counts, n_samples=4000, seed=3)
    drawn = np.random.default_rng(9).integers(0, 50, (4000, 50))
    plain = totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    assert ours.shape == (4000, 2)
    assert ours.mean(axis=0) == pytest.approx(plain.mean(axis=0), rel=0.01)
    assert ours.std(axis=0) == pytest.approx(plain.std(axis=0), rel=0.05)


def test_resamples_do_not_depend_on_how_many_fit_into_memory(monkeypatch):
    totals, counts = np.arange(20.0)[:, np.newaxis], np.ones((20, 1))
    whole = resample_ratios(totals, counts, n_samples=30, seed=3)
    monkeypatch.setattr("recommender.evaluation.bootstrap._CELLS_AT_ONCE", 100)
    assert np.allclose(resample_ratios(totals, counts, n_samples=30, seed=3), whole)


def test_the_interval_of_a_mean_is_near_the_normal_one():
    values = np.random.default_rng(1).normal(0.3, 0.2, 400)
    found = bootstrap_intervals({"m": totals_of(values)}, n_samples=2000, confidence=0.95, seed=1)
    half = 1.96 * values.std() / np.sqrt(values.size)
    assert found["m"] == pytest.approx((values.mean() - half, values.mean() + half), abs=0.004)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(11)
    covered = 0
    for seed in range(200):
        sample = totals_of(rng.exponential(1.0, 80))
        low, high = bootstrap_intervals({"m": sample}, n_samples=300, confidence=0.9, seed=seed)[
            "m"
        ]
        covered += low <= 1.0 <= high
    assert 0.82 <= covered / 200 <= 0.96


def test_a_users_ratings_are_resampled_together():
    """Ratings of one user repeat each other: the interval must not take them for independent."""
    means = np.random.default_rng(2).normal(0.0, 1.0, 100)
    clustered = totals_of(means * 25, np.full(100, 25))
    low, high = bootstrap_intervals({"m": clustered}, n_samples=1000, confidence=0.95, seed=1)["m"]
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(100), rel=0.25)


def test_rmse_is_the_root_of_the_pooled_mean_square():
    metric = totals_of([4.0, 0.0], [1, 3], root=True)
    assert metric.value == 1.0
    low, high = bootstrap_intervals(
        {"rmse": totals_of(np.full(20, 4.0), root=True)}, n_samples=50, confidence=0.9, seed=1
    )["rmse"]
    assert (low, high) == (2.0, 2.0)


def test_few_users_have_no_interval_and_keys_keep_their_order():
    few, many = totals_of(np.arange(MIN_USERS - 1.0)), totals_of(np.arange(float(MIN_USERS)))
    found = bootstrap_intervals(
        {"z": many, "few": few, "a": totals_of(np.arange(30.0)), "m": many},
        n_samples=20,
        confidence=0.9,
        seed=1,
    )
    assert list(found) == ["z", "a", "m"]
    assert found["z"] == found["m"]


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=40), st.integers(0, 5))
def test_a_model_does_not_differ_from_itself(values, seed):
    one = totals_of(values)
    found = paired_difference(one, one, n_samples=20, confidence=0.95, seed=seed)
    assert (found.estimate, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.n_users == len(values)


def test_the_difference_changes_sign_with_the_order():
    rng = np.random.default_rng(4)
    first, second = totals_of(rng.random(60)), totals_of(rng.random(60))
    there = paired_difference(first, second, n_samples=400, confidence=0.95, seed=1)
    back = paired_difference(second, first, n_samples=400, confidence=0.95, seed=1)
    assert there.estimate == pytest.approx(-back.estimate)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.first - there.second == there.estimate


def test_pairing_removes_what_is_hard_for_both():
    rng = np.random.default_rng(4)
    hard = rng.random(200)
    first, second = totals_of(hard + 0.01), totals_of(hard)
    found = paired_difference(first, second, n_samples=500, confidence=0.95, seed=1)
    assert found.low == pytest.approx(0.01)
    assert found.high == pytest.approx(0.01)


def test_rmse_differences_are_of_roots():
    first = totals_of(np.full(30, 4.0), root=True)
    second = totals_of(np.full(30, 1.0), root=True)
    found = paired_difference(first, second, n_samples=50, confidence=0.95, seed=1)
    assert (found.estimate, found.low, found.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "other",
    [
        UserTotals(np.array([0, 2]), np.ones(2), np.ones(2)),
        UserTotals(np.array([0, 1]), np.ones(2), np.array([1.0, 2.0])),
        UserTotals(np.array([0, 1]), np.ones(2), np.ones(2), root=True),
    ],
)
def test_only_the_same_users_and_ratings_are_compared(other):
    with pytest.raises(ValueError, match="same ratings of the same users"):
        paired_difference(totals_of([1, 1]), other, n_samples=5, confidence=0.9, seed=1)


@pytest.mark.parametrize(
    ("ids", "totals", "counts"),
    [([0, 1], [1.0], [1.0]), ([], [], []), ([0], [1.0], [0.0]), ([0], [np.nan], [1.0])],
)
def test_totals_are_checked(ids, totals, counts):
    with pytest.raises(ValueError, match=r"differ in shape|no users|above 0"):
        UserTotals(np.array(ids), np.array(totals), np.array(counts))
