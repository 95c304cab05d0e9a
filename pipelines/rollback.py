"""Puts the version that was production before back in its place."""

from __future__ import annotations

from pipelines.outcome import RollbackOutcome
from recommender.settings import RegistrySettings
from tracking.promotion import rollback
from tracking.registry import Registry


def roll_back(settings: RegistrySettings) -> RollbackOutcome:
    """Make ``previous`` production, and production ``previous``.

    Args:
        settings: Names the registered model.

    Raises:
        RegistryError: There is no previous version, or the registry is out of reach.
    """
    result = rollback(Registry(settings))
    return RollbackOutcome(result.production, result.previous, result.message)
