"""Counts windows beyond a threshold, signal by signal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitoring.settings import DecisionSettings
from monitoring.state import MonitorState
from monitoring.windows import Measured, Window

_HOUR = 3600.0
#: Before the name of a metric among the signals.
PERFORMANCE = "performance."


@dataclass(frozen=True)
class Reading:
    """One signal in one window.

    Attributes:
        signal: A column, or a metric after `PERFORMANCE`.
        level: Its population stability index, or how many standard deviations it is worse.
        enter: From this level it counts.
        leave: Below it the signal may be a cause again.
    """

    signal: str
    level: float
    enter: float
    leave: float


def judge(
    windows: Sequence[Window], state: MonitorState, settings: DecisionSettings, now: float
) -> MonitorState:
    """Return the state after the windows that were not judged yet.

    Windows that begin before the last judged one ended, or that end in the future, are left out.
    A window with too few values of a signal says nothing of it, and leaves its count as it is.

    Args:
        windows: Of the model of ``state``.
        state: Before.
        settings: Thresholds.
        now: Seconds since 1970.
    """
    for window in sorted(windows, key=lambda item: item.start):
        if window.start < state.judged_until or window.end > now:
            continue
        if window.start - state.judged_until > settings.longest_gap_hours * _HOUR:
            state = replace(state, streaks={})
        readings = list(_readings(window, state, settings))
        state = replace(_with_baseline(window, state, settings), judged_until=window.end)
        for reading in readings:
            state = _count(state, reading)
    return state


def causes(state: MonitorState, settings: DecisionSettings) -> tuple[str, ...]:
    """Return the signals that are a cause to retrain."""
    return tuple(
        signal
        for signal, streak in sorted(state.streaks.items())
        if streak >= settings.consecutive and signal not in state.disarmed
    )


def deviation(measured: Measured, baseline: Sequence[float]) -> float:
    """Return by how many standard deviations a metric is worse than its first windows.

    The variance is that between those windows and that within this one, so that neither a calm
    beginning nor a small window makes chance look like a loss.
    """
    worse = float(np.mean(baseline)) - measured.value
    spread = math.hypot(float(np.std(baseline, ddof=1)), measured.sigma)
    signed = worse if measured.higher_is_better else -worse
    return signed / spread if spread > 0.0 else 0.0


def _readings(window: Window, state: MonitorState, settings: DecisionSettings) -> Iterator[Reading]:
    for name in settings.watched:
        found = window.columns.get(name)
        if found is not None and found.samples >= settings.min_samples:
            yield Reading(name, found.distances.psi, settings.enter_psi, settings.leave_psi)
    for name, measured in window.performance.items():
        baseline = state.baseline.get(name, ())
        full = len(baseline) >= max(settings.baseline_windows, 2)
        if full and measured.samples >= settings.min_samples:
            level = deviation(measured, baseline)
            yield Reading(PERFORMANCE + name, level, settings.sigmas, settings.leave_sigmas)


def _with_baseline(window: Window, state: MonitorState, settings: DecisionSettings) -> MonitorState:
    baseline = dict(state.baseline)
    for name, measured in window.performance.items():
        values = baseline.get(name, ())
        if measured.samples >= settings.min_samples and len(values) < max(
            settings.baseline_windows, 2
        ):
            baseline[name] = (*values, measured.value)
    return replace(state, baseline=baseline)


def _count(state: MonitorState, reading: Reading) -> MonitorState:
    beyond = reading.level >= reading.enter
    streak = state.streaks.get(reading.signal, 0) + 1 if beyond else 0
    disarmed = state.disarmed
    if reading.level < reading.leave:
        disarmed = tuple(signal for signal in disarmed if signal != reading.signal)
    return replace(state, streaks={**state.streaks, reading.signal: streak}, disarmed=disarmed)
