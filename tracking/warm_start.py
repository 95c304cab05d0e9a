"""Which registered version a training starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from recommender.bundle import Bundle
from recommender.errors import RegistryError
from recommender.settings import RegistrySettings
from tracking.registry import Registry


@dataclass(frozen=True)
class StartingVersion:
    """A version of a registered model; the digest tells it from that of another registry.

    Attributes:
        model_name: The registered model.
        version: The number of the version.
        digest: SHA-256 of its bundle's manifest.
    """

    model_name: str
    version: str
    digest: str

    @classmethod
    def of_production(cls, registry: Registry) -> Self | None:
        """Return the version that is production now, or ``None`` before the first.

        Raises:
            RegistryError: The registry is out of reach.
        """
        found = registry.production()
        return None if found is None else cls(registry.model_name, found.version, found.digest)

    def open(self) -> Bundle:
        """Return its verified bundle.

        Raises:
            BundleError: The stored bundle is missing, incomplete or altered.
            RegistryError: There is no such version, or it has another bundle.
        """
        registry = Registry(RegistrySettings(model_name=self.model_name))
        bundle = registry.bundle(registry.version(self.version))
        if bundle.digest != self.digest:
            raise RegistryError(
                "the version to start from has changed",
                place=f"{self.model_name} version {self.version}",
                value=bundle.digest,
                remedy="Run the pipeline again.",
            )
        return bundle
