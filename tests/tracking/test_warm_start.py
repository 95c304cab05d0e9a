from __future__ import annotations

from typing import Any

import pytest

from recommender.errors import RegistryError
from tracking.warm_start import StartingVersion


def test_a_training_starts_from_production(local_desk: Any) -> None:
    assert StartingVersion.of_production(local_desk.registry) is None
    local_desk.register(1)
    assert StartingVersion.of_production(local_desk.registry) is None
    version = local_desk.promote(2)
    start = StartingVersion.of_production(local_desk.registry)
    assert start == StartingVersion(local_desk.registry.model_name, version.version, version.digest)
    assert start.open().digest == version.digest


def test_the_version_of_another_registry_is_not_taken_for_it(local_desk: Any) -> None:
    version = local_desk.promote(1)
    start = StartingVersion(local_desk.registry.model_name, version.version, "0" * 64)
    with pytest.raises(RegistryError, match="has changed"):
        start.open()
