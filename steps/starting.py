"""The registered model that a training starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tracking.warm_start import StartingVersion

if TYPE_CHECKING:
    from recommender.models.starting_model import StartingModel


def open_start(version: Mapping[str, str] | None) -> StartingModel | None:
    """Return the model to start from, with its verified bundle, or ``None`` for no such model.

    Args:
        version: The fields of `tracking.warm_start.StartingVersion`, or ``None``.

    Raises:
        BundleError: The stored bundle is missing, incomplete or altered.
        RegistryError: There is no such version, or it has another bundle.
    """
    # Imported now: the trainers take seconds, which a cached step need not wait for.
    from recommender.models.starting_model import StartingModel  # noqa: PLC0415

    if version is None:
        return None
    return StartingModel(version["version"], StartingVersion(**version).open())
