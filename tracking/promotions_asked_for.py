"""Carries out the promotions that people ask for on the server, and tells it what there is."""

from __future__ import annotations

import json
import logging
import time

from recommender.errors import BundleError
from recommender.promotion_request import PromotionFiles, PromotionRequest, RegisteredVersion
from recommender.publication import PublishedFolder
from tracking.promotion import promote_by_hand
from tracking.registry import Registry
from tracking.versions import DECISION_TAG, Version

_LOG = logging.getLogger(__name__)
#: How often the versions are looked at: what the gate says moves no alias.
_LOOK_SECONDS = 3.0
#: The latest versions from which one may be chosen.
_MOST_VERSIONS = 50


class Promotions:
    """The requests of one published folder.

    Args:
        folder: Where the workers look.
    """

    def __init__(self, folder: PublishedFolder) -> None:
        self._files = PromotionFiles(folder.root)
        self._written: tuple[RegisteredVersion, ...] | None = None
        self._looked_at = -_LOOK_SECONDS

    @property
    def is_asked(self) -> bool:
        """Whether a request waits."""
        return self._files.request_file.exists()

    def list_versions(self, registry: Registry, *, at_once: bool = False) -> None:
        """Write down which versions there are, where that has changed.

        Args:
            registry: The registry.
            at_once: Whether to look although the last look was just now.

        Raises:
            RegistryError: It is out of reach.
            OSError: The folder cannot be written.
        """
        if not at_once and time.monotonic() < self._looked_at + _LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        complete = [version for version in registry.versions() if version.complete]
        found = tuple(as_listed(version) for version in reversed(complete[-_MOST_VERSIONS:]))
        if found != self._written or not self._files.versions_file.exists():
            self._files.write_versions(found)
            self._written = found

    def carry_out(self, registry: Registry) -> None:
        """Make production what somebody asks for, and say what came of it.

        A request is refused, and not tried again, where the version cannot be production. While
        the registry is out of reach or locked, it waits.

        Raises:
            BundleError: The request cannot be read; it is removed.
            RegistryError: The registry is out of reach, or another process holds its lock.
            OSError: The folder cannot be written.
        """
        try:
            request = self._files.waiting()
        except BundleError:
            self._files.request_file.unlink(missing_ok=True)
            raise
        if request is None:
            return
        problem = _problem(registry, request)
        if problem is None:
            problem = _promote(registry, request)
        if problem is None:
            message = f"Version {request.version} is production."
            self._files.end(request, "promoted", message)
        else:
            message = f"Version {request.version} cannot be production: {problem}"
            self._files.end(request, "refused", message)
        _LOG.warning("A promotion was asked for by the API key %s. %s", request.by, message)
        self.list_versions(registry, at_once=True)


def as_listed(version: Version) -> RegisteredVersion:
    """Return a version as the server lists it."""
    gate, why = _gate(version)
    return RegisteredVersion(
        version=version.version,
        digest=version.digest,
        registered_at=version.created.isoformat(timespec="seconds"),
        aliases=version.aliases,
        gate=gate,
        why=why,
        rolled_back=version.rolled_back,
    )


def _gate(version: Version) -> tuple[bool | None, tuple[str, ...]]:
    text = version.tags.get(DECISION_TAG)
    if not text:
        return None, ()
    try:
        decision = json.loads(text)["decision"]
        promoted = bool(decision["promote"])
        reasons = [
            f"{reason['rule']}: {reason['detail']}"
            for reason in decision["reasons"]
            if promoted or not reason["passed"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        return None, (f"The gate's decision cannot be read: {error!r}",)
    return promoted, tuple(reasons)


def _problem(registry: Registry, request: PromotionRequest) -> str | None:
    known = {version.version: version for version in registry.versions()}
    found = known.get(request.version)
    if found is None:
        return "the registry has no such version any more."
    if not found.complete or found.digest != request.digest:
        return "it is not the version that was chosen any more."
    return None


def _promote(registry: Registry, request: PromotionRequest) -> str | None:
    why = f"by hand, asked for by the API key {request.by} at {request.at}: {request.reason}"
    try:
        promote_by_hand(registry, request.version, why=why)
    except BundleError as error:
        return str(error)
    return None
