from __future__ import annotations

import pytest
from zenml.integrations.registry import integration_registry

from pipelines.integrations import leave_integrations_out


def test_no_integration_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_at() -> None:
        raise AssertionError("integrations were looked at")

    # Put back afterwards, since it is one object for the whole process.
    monkeypatch.setattr(
        integration_registry, "activate_integrations", integration_registry.activate_integrations
    )
    monkeypatch.setattr(integration_registry, "_initialize", looked_at)
    leave_integrations_out()
    integration_registry.activate_integrations()
    monkeypatch.undo()
    monkeypatch.setattr(integration_registry, "_initialize", looked_at)
    with pytest.raises(AssertionError, match="were looked at"):
        integration_registry.activate_integrations()
