"""How often windows of chance, of one step and of a swing lead to a retraining."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from monitoring.decision import NewData, should_retrain
from monitoring.distances import Distances, population_stability_index
from monitoring.settings import DecisionSettings
from monitoring.state import MonitorState
from monitoring.windows import ColumnDrift, Measured, Window

_HOUR = 3600.0
_BEGIN = 1_700_000_000.0
_SAMPLES = 1000
_BINS = 10
_STEP_AT, _STEP_PSI = 50, 0.3


def measure(n_windows: int) -> dict[str, Any]:
    """Return the triggers of each course, each window decided on when it is over."""
    settings = DecisionSettings()
    calm, step = _shares(0.0), _shares(_STEP_PSI)
    quiet = _triggers((calm for _ in range(n_windows)), settings)
    stepped = _triggers((calm if n < _STEP_AT else step for n in range(1000)), settings)
    # Beyond the threshold for as long as it takes, then calm enough to begin anew.
    span = settings.consecutive + 1
    swinging = ((step if n // span % 2 == 0 else calm) for n in range(2000))
    swung = _triggers(swinging, settings)
    hours = settings.cooldown_hours
    return {
        "without_drift": {"windows": n_windows, "triggers": len(quiet)},
        "step": {
            "psi": round(population_stability_index(calm, step), 4),
            "triggers": len(stepped),
            "windows_until": stepped[0] - _STEP_AT + 1 if stepped else 1000,
        },
        "oscillation": {
            "windows": 2000,
            "triggers": len(swung),
            "cooldown_hours": hours,
            "most_in_a_cooldown": max(
                (sum(first <= other < first + hours for other in swung) for first in swung),
                default=0,
            ),
        },
    }


def _shares(psi: float) -> np.ndarray:
    """Return shares of equal bins, of which the first has lost to the last until ``psi``."""
    low, high = 0.0, 1.0 / _BINS
    for _ in range(60):
        moved = (low + high) / 2.0
        shares = np.full(_BINS, 1.0 / _BINS)
        shares[0] -= moved
        shares[-1] += moved
        if population_stability_index(np.ones(_BINS), shares) < psi:
            low = moved
        else:
            high = moved
    shares = np.full(_BINS, 1.0 / _BINS)
    shares[0] -= low
    shares[-1] += low
    return shares


def _triggers(courses: Iterable[np.ndarray], settings: DecisionSettings) -> list[int]:
    """Return the windows after which a retraining is decided; the first watched column moves."""
    rng = np.random.default_rng(11)
    state = MonitorState(last_training_at=_BEGIN - 100 * _HOUR, judged_until=_BEGIN)
    data = NewData("data", ratings=100, trained_on=1000)
    found = []
    for number, shares in enumerate(courses):
        window = _window(rng, number, shares, settings)
        decision = should_retrain([window], state, settings, window.end, data=data)
        state = decision.state
        if decision.retrain:
            found.append(number)
            state = replace(state, last_training_at=window.end)
    return found


def _window(
    rng: np.random.Generator, number: int, shares: np.ndarray, settings: DecisionSettings
) -> Window:
    even = np.full(_BINS, 1.0 / _BINS)
    columns = {}
    for place, name in enumerate(settings.watched):
        counts = rng.multinomial(_SAMPLES, even if place else shares)
        psi = population_stability_index(even, counts)
        columns[name] = ColumnDrift(_SAMPLES, Distances(psi, 0.0, 0.0, 0.0))
    start = _BEGIN + number * _HOUR
    measured = {
        "rmse": _drawn(rng, 0.8, 0.02, higher_is_better=False),
        "ndcg": _drawn(rng, 0.3, 0.01, higher_is_better=True),
        "click_through": _drawn(rng, 0.2, 0.013, higher_is_better=True),
    }
    return Window(start, start + _HOUR, "model", columns, measured)


def _drawn(
    rng: np.random.Generator, mean: float, sigma: float, *, higher_is_better: bool
) -> Measured:
    value = float(rng.normal(mean, sigma))
    return Measured(value, sigma, _SAMPLES, higher_is_better=higher_is_better)
