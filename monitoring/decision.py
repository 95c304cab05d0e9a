"""Whether to train again: a pure function of windows and what is remembered.

A threshold alone flaps. A signal becomes a cause only after several windows in a row beyond it,
then it is disarmed until it has fallen well below, and between two retrainings there is a cooldown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from monitoring.settings import DecisionSettings
from monitoring.signals import causes, judge
from monitoring.state import MonitorState
from monitoring.windows import Window

_HOUR = 3600.0
BY_HAND, BY_SCHEDULE = "by hand", "schedule"


@dataclass(frozen=True)
class NewData:
    """What a retraining would learn from that production has not seen.

    Attributes:
        digest: What changes with its content.
        ratings: How many new ratings there are.
        trained_on: On how many ratings production was trained.
        problems: Why the data must not be trained on, in full sentences; empty if it may.
    """

    digest: str
    ratings: int
    trained_on: int
    problems: tuple[str, ...] = ()

    def share(self, tried: int = 0) -> float:
        """Return new ratings beyond ``tried`` as a share of those that production knows."""
        return max(self.ratings - tried, 0) / self.trained_on if self.trained_on else 0.0


@dataclass(frozen=True)
class Reason:
    """One rule and how it went.

    Attributes:
        rule: Name of the rule.
        passed: Whether it lets the retraining through.
        detail: The numbers behind it.
    """

    rule: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class RetrainDecision:
    """Whether to train again, and why.

    Attributes:
        retrain: Whether every rule lets it through.
        causes: The signals, `BY_SCHEDULE` or `BY_HAND`; may stand without a retraining, when a
            rule holds it back.
        reasons: Every rule, in order.
        alerts: What somebody must look at, in full sentences.
        state: What is to be remembered.
    """

    retrain: bool
    causes: tuple[str, ...]
    reasons: tuple[Reason, ...]
    alerts: tuple[str, ...]
    state: MonitorState

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as plain values."""
        return asdict(self)


def should_retrain(
    windows: Sequence[Window],
    state: MonitorState,
    settings: DecisionSettings,
    now: float,
    *,
    data: NewData,
    by_hand: bool = False,
    running: bool = False,
) -> RetrainDecision:
    """Decide whether to train again.

    ================  ==========================================================================
    rule              lets through
    ================  ==========================================================================
    ``cause``         a signal in enough windows in a row, the schedule, or somebody's wish
    ``running``       no retraining that has not ended
    ``data_quality``  new data without problems; always asked, and alerted where it fails
    ``changed_data``  data other than that of which no better model came
    ``new_data``      enough new ratings, or enough time since the last training
    ``cooldown``      enough time since the last retraining
    ================  ==========================================================================

    Somebody's wish passes the last three rules.

    Args:
        windows: Of the model in production; those judged before are left out.
        state: What is remembered.
        settings: Thresholds.
        now: Seconds since 1970.
        data: What there is to learn.
        by_hand: Whether somebody asked for it.
        running: Whether a retraining that was decided has not ended.
    """
    jumped = now < state.seen_at
    state = state.at(now)
    for model in {window.model: None for window in windows}:
        own = [window for window in windows if window.model == model]
        state = judge(own, state.for_model(model), settings, now)
    found = causes(state, settings) + _other_causes(state, settings, now, by_hand=by_hand)
    asked = Reason("cause", bool(found), ", ".join(found) or _no_cause(settings))
    busy = "a retraining has not ended" if running else "no retraining is under way"
    reasons = (
        asked,
        Reason("running", not running, busy),
        *_reasons(state, settings, now, data, by_hand=by_hand),
    )
    retrain = all(reason.passed for reason in reasons)
    alerts = tuple(data.problems)
    if jumped:
        alerts += ("The clock was set back; times in the future were drawn back to now.",)
    if retrain:
        state = replace(
            state,
            disarmed=tuple(sorted({*state.disarmed, *causes(state, settings)})),
            last_trigger_at=now,
        )
    return RetrainDecision(retrain, found, reasons, alerts, state)


def _other_causes(
    state: MonitorState, settings: DecisionSettings, now: float, *, by_hand: bool
) -> tuple[str, ...]:
    due = settings.schedule_hours is not None and (
        state.last_training_at is None
        or now - state.last_training_at >= settings.schedule_hours * _HOUR
    )
    return (BY_SCHEDULE,) * due + (BY_HAND,) * by_hand


def _no_cause(settings: DecisionSettings) -> str:
    return f"no signal is beyond its threshold in {settings.consecutive} windows in a row"


def _reasons(
    state: MonitorState,
    settings: DecisionSettings,
    now: float,
    data: NewData,
    *,
    by_hand: bool,
) -> Iterator[Reason]:
    yield Reason("data_quality", not data.problems, " ".join(data.problems) or "no problem found")
    if by_hand:
        return
    refused = data.digest == state.refused_data
    detail = "no better model came of this data; waiting for other data" if refused else "not tried"
    yield Reason("changed_data", not refused, detail)
    yield _new_data(state, settings, now, data)
    yield _cooldown(state, settings, now)


def _new_data(state: MonitorState, settings: DecisionSettings, now: float, data: NewData) -> Reason:
    # Without any training on record its age is not known, and taken for long.
    age = None if state.last_training_at is None else (now - state.last_training_at) / _HOUR
    old = age is None or age >= settings.max_age_hours
    since = "unknown" if age is None else f"{age:.1f} h ago"
    share = data.share(state.tried_ratings)
    tried = f", {state.tried_ratings:,} of them tried" if state.tried_ratings else ""
    detail = (
        f"{data.ratings:,} new ratings{tried}, {share:.1%} of {data.trained_on:,} "
        f"(at least {settings.min_new_ratings:.0%}); last training {since} "
        f"(at least {settings.max_age_hours:g} h)"
    )
    return Reason("new_data", share >= settings.min_new_ratings or old, detail)


def _cooldown(state: MonitorState, settings: DecisionSettings, now: float) -> Reason:
    if state.last_trigger_at is None:
        return Reason("cooldown", True, "there was no retraining yet")
    hours = (now - state.last_trigger_at) / _HOUR
    detail = f"last retraining {hours:.1f} h ago (at least {settings.cooldown_hours:g} h)"
    return Reason("cooldown", hours >= settings.cooldown_hours, detail)


def after_training(
    state: MonitorState, *, promoted: bool, refused: bool, data: NewData, now: float
) -> MonitorState:
    """Return the state after a training has ended.

    Without a promotion the cause is still there, so its signals are armed again: other data, time
    and the cooldown decide when the next attempt makes sense.

    Args:
        state: Before.
        promoted: Whether its model is production now.
        refused: Whether the data or the model was refused, so that it makes no sense to try again
            before the data changes; a training that broke may be tried again.
        data: What it learned from.
        now: Seconds since 1970.
    """
    if promoted:
        return replace(state, last_training_at=now, refused_data=None, tried_ratings=0)
    state = replace(state, disarmed=())
    if not refused:
        return state
    return replace(
        state, last_training_at=now, refused_data=data.digest, tried_ratings=data.ratings
    )
