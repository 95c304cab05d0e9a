from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from monitoring.decision import (
    BY_HAND,
    BY_SCHEDULE,
    NewData,
    RetrainDecision,
    after_training,
    should_retrain,
)
from monitoring.distances import Distances
from monitoring.settings import DecisionSettings
from monitoring.signals import deviation
from monitoring.state import MonitorState
from monitoring.windows import ColumnDrift, Measured, Window
from recommender.errors import UsageError

HOUR = 3600.0
BEGIN = 1_700_000_000.0
SETTINGS = DecisionSettings(baseline_windows=4)
DATA = NewData("data-1", ratings=100, trained_on=1000)
TRAINED = MonitorState(model="m1", last_training_at=BEGIN - 100 * HOUR, judged_until=BEGIN)


def window(
    number: int, psi: float = 0.0, *, samples: int = 1000, model: str = "m1", **more: float
) -> Window:
    columns = {"rating": ColumnDrift(samples, Distances(psi, 0.0, 0.0, 0.0))}
    measured = {
        name: Measured(value, 0.01, samples, higher_is_better=name != "rmse")
        for name, value in more.items()
    }
    start = BEGIN + number * HOUR
    return Window(start, start + HOUR, model, columns, measured)


def decide(
    windows: Sequence[Window],
    state: MonitorState = TRAINED,
    settings: DecisionSettings = SETTINGS,
    *,
    now: float | None = None,
    data: NewData = DATA,
    by_hand: bool = False,
) -> RetrainDecision:
    latest = max((window.end for window in windows), default=BEGIN)
    now = latest if now is None else now
    return should_retrain(windows, state, settings, now, data=data, by_hand=by_hand)


def triggers(
    levels: Sequence[float], settings: DecisionSettings = SETTINGS, **more: float
) -> list[int]:
    """Return the windows after which a retraining was decided, one decision a window."""
    state, found = TRAINED, []
    for number, psi in enumerate(levels):
        decision = decide([window(number, psi, **more)], state, settings)
        state = decision.state
        if decision.retrain:
            found.append(number)
    return found


def failed(decision: RetrainDecision) -> list[str]:
    return [reason.rule for reason in decision.reasons if not reason.passed]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0.3, 0.3], []),
        ([0.3, 0.3, 0.3], [2]),
        ([0.2, 0.2, 0.2], [2]),
        ([0.19, 0.19, 0.19, 0.19], []),
        ([0.3, 0.3, 0.15, 0.3, 0.3], []),
        ([0.3, 0.3, 0.15, 0.3, 0.3, 0.3], [5]),
        ([0.3] * 30, [2]),
        # Not below 0.1, so it is the same drift still.
        ([0.3] * 3 + [0.15] * 10 + [0.3] * 10, [2]),
        ([0.3] * 3 + [0.05] * 10 + [0.3] * 10, [2, 15]),
    ],
)
def test_drift_is_a_cause_after_windows_in_a_row_and_once(
    levels: list[float], expected: list[int]
) -> None:
    assert triggers(levels) == expected


def test_windows_may_come_at_once_or_twice() -> None:
    windows = [window(number, 0.3) for number in range(3)]
    assert decide(windows).retrain
    first = decide(windows[:2])
    again = decide(windows[:2], first.state)
    assert not again.retrain
    assert again.state.streaks == {"rating": 2}
    assert decide(list(reversed(windows))).retrain is True


def test_oscillation_triggers_once_a_cooldown_at_most() -> None:
    settings = replace(SETTINGS, consecutive=1, cooldown_hours=24.0)
    found = triggers([0.3, 0.05] * 48, settings)
    assert len(found) == 4
    assert min(np.diff(found)) >= 24


def test_a_window_with_few_values_says_nothing() -> None:
    thin = window(2, 0.0, samples=499)
    drifted = [window(0, 0.3), window(1, 0.3), thin, window(3, 0.3)]
    assert decide(drifted).retrain
    assert not decide([window(number, 0.3, samples=499) for number in range(5)]).retrain


def test_a_column_that_is_not_watched_is_no_cause() -> None:
    settings = replace(SETTINGS, watched=("rated_genre",))
    assert triggers([0.9] * 5, settings) == []


def test_a_long_time_without_windows_begins_anew() -> None:
    late = [window(0, 0.3), window(1, 0.3), window(40, 0.3)]
    assert decide(late).state.streaks == {"rating": 1}


@pytest.mark.parametrize("name", ["rmse", "click_through"])
def test_performance_is_judged_against_the_first_windows_of_the_model(name: str) -> None:
    values = [0.80, 0.81, 0.79, 0.80]
    worse = 1.0 if name == "rmse" else 0.6
    windows = [window(i, **{name: value}) for i, value in enumerate(values)]
    windows += [window(4 + i, **{name: worse}) for i in range(3)]
    decision = decide(windows)
    assert decision.retrain
    assert decision.causes == (f"performance.{name}",)
    better = 0.6 if name == "rmse" else 1.0
    fine = windows[:4] + [window(4 + i, **{name: better}) for i in range(9)]
    assert not decide(fine).retrain


def test_a_deviation_counts_chance_within_the_window_too() -> None:
    measured = Measured(0.9, 0.1, 1000, higher_is_better=False)
    assert deviation(measured, [0.8, 0.8, 0.8]) == pytest.approx(1.0)
    still = Measured(0.8, 0.0, 1000, higher_is_better=False)
    assert deviation(still, [0.8, 0.8]) == 0.0


DRIFTED = [window(number, 0.3) for number in range(3)]
NOW = DRIFTED[-1].end


@pytest.mark.parametrize(
    ("state", "data", "rule"),
    [
        (TRAINED, replace(DATA, problems=("Too many are off the scale.",)), "data_quality"),
        (replace(TRAINED, refused_data="data-1"), DATA, "changed_data"),
        (replace(TRAINED, last_training_at=NOW - HOUR), replace(DATA, ratings=49), "new_data"),
        (
            replace(TRAINED, last_training_at=NOW - HOUR, tried_ratings=60),
            replace(DATA, ratings=100),
            "new_data",
        ),
        (replace(TRAINED, last_trigger_at=NOW - HOUR), DATA, "cooldown"),
    ],
)
def test_a_rule_holds_a_cause_back(state: MonitorState, data: NewData, rule: str) -> None:
    decision = decide(DRIFTED, state, data=data)
    assert not decision.retrain
    assert failed(decision) == [rule]
    assert decision.causes == ("rating",)
    # The cause stands, and is acted on when the rule lets it.
    later = decide([], decision.state, now=NOW + 100 * HOUR, data=replace(DATA, digest="data-2"))
    assert later.retrain


@pytest.mark.parametrize(
    ("share", "hours", "expected"),
    [(0.05, 1.0, True), (0.049, 1.0, False), (0.0, 24.0, True), (0.0, 23.9, False)],
)
def test_new_ratings_or_age_make_a_retraining_worth_it(
    share: float, hours: float, *, expected: bool
) -> None:
    state = replace(TRAINED, last_training_at=NOW - hours * HOUR)
    data = NewData("d", ratings=round(share * 1000), trained_on=1000)
    assert decide(DRIFTED, state, data=data).retrain is expected


def test_bad_data_is_alerted_even_without_a_cause() -> None:
    decision = decide([], data=replace(DATA, problems=("Too many are off the scale.",)))
    assert decision.alerts == ("Too many are off the scale.",)
    assert failed(decision) == ["cause", "data_quality"]


def test_by_hand_passes_all_but_bad_data() -> None:
    state = replace(TRAINED, last_trigger_at=BEGIN, refused_data="data-1", last_training_at=BEGIN)
    none = NewData("data-1", 0, 1000)
    decision = decide([], state, data=none, by_hand=True)
    assert decision.retrain
    assert decision.causes == (BY_HAND,)
    bad = decide([], state, data=replace(none, problems=("Bad.",)), by_hand=True)
    assert not bad.retrain


def test_the_schedule_is_a_cause() -> None:
    settings = replace(SETTINGS, schedule_hours=48.0)
    decision = decide([], settings=settings)
    assert decision.retrain
    assert decision.causes == (BY_SCHEDULE,)
    recent = replace(TRAINED, last_training_at=BEGIN - 47 * HOUR)
    assert not decide([], recent, settings).retrain
    assert decide([], replace(recent, last_training_at=None), settings).retrain


def test_a_clock_that_is_set_back_neither_blocks_nor_counts_twice() -> None:
    ahead = decide(DRIFTED[:2], now=NOW + 1e9)
    state = replace(ahead.state, last_trigger_at=NOW + 1e9, judged_until=NOW + 1e9)
    back = decide(DRIFTED[2:], state, now=NOW)
    assert any("clock" in alert for alert in back.alerts)
    assert back.state.last_trigger_at == NOW
    assert failed(back) == ["cause", "cooldown"]
    later = [window(number, 0.3) for number in range(3, 6)]
    assert not decide(later[:2], back.state).retrain
    later += [window(number, 0.3) for number in range(6, 10)]
    assert decide(later, back.state).retrain


def test_windows_in_the_future_wait() -> None:
    assert decide(DRIFTED, now=NOW - HOUR).state.streaks == {"rating": 2}


def test_another_model_begins_anew() -> None:
    state = decide(DRIFTED[:2], replace(TRAINED, baseline={"rmse": (1.0,)})).state
    decision = decide([window(2, 0.3, model="m2")], state)
    assert decision.state.streaks == {"rating": 1}
    assert decision.state.baseline == {}
    assert decision.state.model == "m2"


def test_a_refused_model_waits_for_other_data_and_a_broken_training_for_the_cooldown() -> None:
    decided = decide(DRIFTED).state
    drifting = [window(number, 0.3) for number in range(3, 12)]
    refused = after_training(decided, promoted=False, refused=True, data=DATA, now=NOW)
    assert not decide(drifting, refused).retrain
    more = replace(DATA, digest="data-2", ratings=150)
    assert decide(drifting, refused, data=more).retrain
    # A rating more is other data, and yet no reason.
    assert not decide(drifting, refused, data=replace(more, ratings=101)).retrain
    broken = after_training(decided, promoted=False, refused=False, data=DATA, now=NOW)
    assert not decide(drifting[:2], broken).retrain
    assert decide(drifting, broken).retrain
    promoted = after_training(refused, promoted=True, refused=False, data=DATA, now=NOW)
    assert promoted.refused_data is None
    assert promoted.last_training_at == NOW


def test_thousands_of_windows_of_chance_are_no_cause() -> None:
    rng = np.random.default_rng(7)
    settings = replace(SETTINGS, baseline_windows=24)
    state, found = TRAINED, 0
    for number in range(3000):
        here = window(number, abs(rng.normal(0.02, 0.02)), rmse=rng.normal(0.8, 0.014))
        decision = decide([here], state, settings)
        state, found = decision.state, found + decision.retrain
    assert found == 0


def test_the_state_survives_json() -> None:
    decision = decide(DRIFTED, replace(TRAINED, baseline={"rmse": (0.8, 0.9)}))
    assert MonitorState.from_dict(decision.state.to_dict()) == decision.state


@pytest.mark.parametrize(
    "changes",
    [{"watched": ("ratings",)}, {"leave_psi": 0.3}, {"consecutive": 0}],
)
def test_settings_that_cannot_be_obeyed_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        DecisionSettings(**changes)  # type: ignore[arg-type]
