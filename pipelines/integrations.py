"""Keeps ZenML from importing what it could work with, but does not here.

Before a run ZenML imports every integration whose package happens to be installed: scikit-learn's
takes a second, and Evidently's moves numba's cache out of the state folder. The
pipelines hand on artifacts by materializers of their own, so none is needed.
"""

from __future__ import annotations

from zenml.integrations.registry import integration_registry


def leave_integrations_out() -> None:
    """Make this process run pipelines without ZenML's integrations."""
    # A method of one object is replaced, since ZenML has no setting for it.
    integration_registry.activate_integrations = _activate_none


def _activate_none() -> None:
    """Import no integration."""
