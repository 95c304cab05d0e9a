"""Behavioural tests: what any sound recommender does, whatever its metrics."""

from recommender.evaluation.behaviour.check import check_behaviour
from recommender.evaluation.behaviour.report import BehaviourReport, BehaviourResult
from recommender.evaluation.behaviour.subject import BehaviourSubject

__all__ = [
    "BehaviourReport",
    "BehaviourResult",
    "BehaviourSubject",
    "check_behaviour",
]
