"""Puts the version that was production before back in its place."""

from __future__ import annotations

from pipelines.outcome import RollbackOutcome
from pipelines.plan import Plan
from tracking.promotion import rollback
from tracking.registry import Registry


def roll_back(plan: Plan) -> RollbackOutcome:
    """Make ``previous`` production, and production ``previous``.

    Args:
        plan: Its settings name the registered model.

    Raises:
        RegistryError: There is no previous version, or the registry is out of reach.
    """
    result = rollback(Registry(plan.config.registry))
    return RollbackOutcome(result.production, result.previous, result.message)
