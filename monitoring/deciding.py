"""Decides on a round's findings and keeps the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events.training_data import read_site_data
from monitoring.decision import RetrainDecision, should_retrain
from monitoring.new_data import assess
from monitoring.report import DriftReport
from monitoring.settings import DecisionSettings
from monitoring.sources import Sources


def decide(
    sources: Sources,
    report: DriftReport,
    settings: DecisionSettings,
    now: float,
    *,
    by_hand: bool,
    about: Mapping[str, Any],
) -> tuple[int, RetrainDecision]:
    """Decide, keep the decision with its reasons, and return its number and the decision.

    While a retraining that was decided has not ended, none is decided again.

    Args:
        sources: Live traffic and models.
        report: What the round found.
        settings: Thresholds.
        now: Seconds since 1970.
        by_hand: Whether somebody asked for a retraining.
        about: What else is kept with the decision.

    Raises:
        MonitoringError: The journal cannot be used.
        StoreUnavailable: The event store is out of reach.
    """
    production, journal = sources.production(), sources.journal
    additions = read_site_data(sources.events).additions
    trained_on = int(production.bundle["seen.movies"].size)
    data = assess(additions, production.recommender, trained_on, settings, now)
    running = journal.open_retraining() is not None
    decision = should_retrain(
        report.windows,
        journal.state(),
        settings,
        now,
        data=data,
        by_hand=by_hand,
        running=running,
    )
    return journal.record(decision, data, now, about), decision
