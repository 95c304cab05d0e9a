"""The floor: analytic moments against definition and against a large draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.floor import rating_moments, rmse_floor
from simulation.ratings import to_stars


@pytest.mark.parametrize("step", [0.5, 1.0])
@pytest.mark.parametrize("score", [-1.0, 0.6, 2.3, 3.75, 4.9, 6.0])
def test_moments_match_monte_carlo(score: float, step: float) -> None:
    n, noise = 400_000, 0.75
    draws = to_stars(score + noise * np.random.default_rng(7).standard_normal(n), np.full(n, step))
    mean, variance = rating_moments(np.array([score]), np.array([step]), noise)
    assert mean[0] == pytest.approx(draws.mean(), abs=0.006)
    assert variance[0] == pytest.approx(draws.var(), abs=0.006)


def test_the_floor_is_the_error_of_the_conditional_mean_and_nothing_is_below_it() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(3.5, 0.6, 300_000)
    steps = rng.choice([0.5, 1.0], len(scores))
    ratings = to_stars(scores + 0.75 * rng.standard_normal(len(scores)), steps)
    mean, _ = rating_moments(scores, steps, 0.75)
    floor = rmse_floor(scores, steps, 0.75)
    assert floor == pytest.approx(np.sqrt(np.mean((ratings - mean) ** 2)), abs=0.003)
    assert floor < np.sqrt(np.mean((ratings - scores) ** 2))


def test_without_noise_nothing_remains() -> None:
    scores = np.array([0.6, 3.1, 4.9])
    assert rmse_floor(scores, np.full(3, 0.5), 1e-6) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(-3, 9), st.sampled_from([0.5, 1.0]), st.floats(0.05, 3))
def test_moments_stay_on_the_scale(score: float, step: float, noise: float) -> None:
    mean, variance = rating_moments(np.array([score]), np.array([step]), noise)
    assert step - 1e-9 <= mean[0] <= 5.0 + 1e-9
    assert -1e-9 <= variance[0] <= (5.0 - step) ** 2 / 4 + 1e-9
