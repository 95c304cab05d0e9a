"""Decisions on somebody's wish to train again, as a round of monitoring records them."""

from __future__ import annotations

from dataclasses import asdict

from monitoring.decision import BY_HAND, NewData, Reason, RetrainDecision
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.retrain_request import RetrainRequest
from monitoring.state import MonitorState

DATA = NewData("data-1", 100, 1000)


def decide(folders: MonitoringFolders, wish: RetrainRequest | None, *, retrain: bool) -> int:
    """Record a decision on ``wish``, or on none, and return its number."""
    reasons = (Reason("cause", True, BY_HAND), Reason("data_quality", retrain, "odd stars"))
    made = RetrainDecision(retrain, (BY_HAND,), reasons, (), MonitorState())
    about = {} if wish is None else {"request": asdict(wish)}
    return Journal(folders.journal).record(made, DATA, 200.0, about)
