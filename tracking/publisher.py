"""Brings what the registry calls production, and what was before it, to where workers look."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from mlflow.exceptions import MlflowException

from recommender.errors import BundleError, RegistryError, RouletteError
from recommender.publication import Pointer, PublishedFolder, PublishedModel, Withdrawal
from tracking.connection import error_code, registry_errors
from tracking.placing import Retention, is_placed, note_use, place, prune, remove_leftovers
from tracking.promotion import rollback
from tracking.promotions_asked_for import Promotions
from tracking.registry import Registry
from tracking.versions import DECISION_TAG, PREVIOUS, PRODUCTION, Version, now

_LOG = logging.getLogger(__name__)
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: What is not done again at every look although it failed: first and longest wait, in seconds.
_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0
_LINEAGE_PREFIX = "roulette."
#: Tags of a run that say what made it, without the prefix.
LINEAGE = (
    "dataset",
    "dataset_digest",
    "simulated",
    "dvc_md5",
    "content_version",
    "code_revision",
    "code_dirty",
    "code_digest",
    "events_digest",
    "zenml_run",
)


class Publisher:
    """Compares registry and folder, and does what is missing.

    Args:
        folder: Where workers look; nobody else publishes there.
        connect: Returns the registry; called again after it was out of reach.
        retention: Which bundles stay besides those in use.
    """

    def __init__(
        self, folder: PublishedFolder, connect: Callable[[], Registry], *, retention: Retention
    ) -> None:
        self.folder = folder
        self._connect = connect
        self._retention = retention
        self._chosen = Promotions(folder)
        self._registry: Registry | None = None
        self._done: str | None = None
        self._failure: _Failure | None = None
        #: The version that the registry calls production, as far as is known.
        self.production: str | None = None
        #: Whether the registry answered at the last look.
        self.in_reach = False
        #: How many bundles were removed.
        self.removed = 0
        remove_leftovers(folder)

    def look(self) -> bool:
        """Do what is missing; return whether anything was published.

        Raises:
            BundleError: What is to be published is not sound; what was published before stays.
            RegistryError: The registry is out of reach, or does not allow what is asked.
            OSError: The folder cannot be written.
        """
        self.in_reach = False
        registry = self._registry = self._registry or self._connect()
        fingerprint = registry.fingerprint()
        self.in_reach = True
        self._chosen.list_versions(registry)
        if self._is_done(fingerprint):
            return False
        stands = self._failure is not None and self._failure.stands(fingerprint)
        if self._failure is not None and stands and not self._chosen.is_asked:
            raise self._failure.error
        try:
            published = self._bring(registry)
        except (RouletteError, OSError) as error:
            self._failure = _Failure.of(error, fingerprint, self._failure)
            raise
        self._failure = None
        return published

    def _is_done(self, fingerprint: str) -> bool:
        """Return whether nothing happened since the last look, on either side."""
        if fingerprint != self._done or self.folder.withdrawal_file.exists():
            return False
        if self._chosen.is_asked:
            return False
        try:
            pointer = self.folder.pointer()
        except BundleError:
            return False
        if pointer is None:
            return self.production is None
        return all(is_placed(self.folder, model.digest) for model in _models(pointer))

    def _bring(self, registry: Registry) -> bool:
        self._pass_on_withdrawal(registry)
        unpromoted = self._pass_on_promotion(registry)
        # Read before the versions: what moves meanwhile is seen at the next look.
        fingerprint, aliases = registry.fingerprint(), registry.aliases()
        self.production = aliases.get(PRODUCTION)
        published = False
        try:
            if self.production is not None:
                published = self._publish(registry, self.production, aliases.get(PREVIOUS))
        finally:
            self._end_withdrawal()
        self._done = fingerprint
        if unpromoted is not None:
            raise unpromoted
        return published

    def _publish(self, registry: Registry, production: str, previous: str | None) -> bool:
        first = self._placed(registry, production)
        second, problem = None, None
        if previous is not None and previous != production:
            try:
                second = self._placed(registry, previous)
            except RouletteError as error:
                # A model to go back to is worth waiting for, but not with the next one unpublished.
                problem = error
        changed = self._point(Pointer(first, second, now()))
        self._prune()
        if problem is not None:
            raise problem
        return changed

    def _placed(self, registry: Registry, number: str) -> PublishedModel:
        """Return a version, after its bundle was placed."""
        version = registry.version(number)
        if not _DIGEST.fullmatch(version.digest):
            raise RegistryError(
                "it was made by hand and holds no bundle",
                place=f"{registry.model_name} version {number}",
                remedy="Let the alias point to a version that the pipeline registered.",
            )
        if not is_placed(self.folder, version.digest):
            place(registry.bundle(version), self.folder)
        return describe(registry, version)

    def _point(self, pointer: Pointer) -> bool:
        """Replace the pointer if it says anything else."""
        with suppress(BundleError):
            before = self.folder.pointer()
            if before is not None and _models(before) == _models(pointer):
                return False
            if before is not None:
                note_use(self.folder, before.production.digest)
        self.folder.write_pointer(pointer)
        _LOG.info("Version %s is published.", pointer.production.version)
        return True

    def _prune(self) -> None:
        pointer = self.folder.pointer()
        in_use = set() if pointer is None else {model.digest for model in _models(pointer)}
        for digest in prune(self.folder, in_use, self._retention):
            self.removed += 1
            _LOG.info("The bundle %s is removed; it was in use long ago.", digest)

    def _pass_on_withdrawal(self, registry: Registry) -> None:
        """Let the registry follow what a person or a worker has taken back already."""
        withdrawal = self.folder.withdrawal()
        if withdrawal is None:
            return
        production = registry.production()
        if production is not None and production.digest == withdrawal.digest:
            result = rollback(registry, why=_why(withdrawal), digest=withdrawal.digest)
            _LOG.warning("Version %s was withdrawn. %s", withdrawal.version, result.message)

    def _pass_on_promotion(self, registry: Registry) -> RouletteError | None:
        """Carry out what a person asks for; return why it has to wait, which nothing else does."""
        try:
            self._chosen.carry_out(registry)
        except RouletteError as error:
            return error
        return None

    def _end_withdrawal(self) -> None:
        """Remove the withdrawal once the pointer names another model than the withdrawn one."""
        withdrawal, pointer = self.folder.withdrawal(), self.folder.pointer()
        if withdrawal is None or pointer is None:
            return
        if withdrawal.digest != pointer.production.digest:
            self.folder.end_withdrawal()


class _Failure:
    """What failed, and until when it is not tried again unless something moves."""

    def __init__(self, error: Exception, fingerprint: str, wait: float) -> None:
        self.error = error
        self._fingerprint = fingerprint
        self._wait = wait
        self._until = time.monotonic() + wait

    @classmethod
    def of(cls, error: Exception, fingerprint: str, before: _Failure | None) -> _Failure:
        again = before is not None and before._fingerprint == fingerprint
        wait = min(2.0 * before._wait, _LONGEST_WAIT) if again and before else _FIRST_WAIT
        return cls(error, fingerprint, wait)

    def stands(self, fingerprint: str) -> bool:
        return fingerprint == self._fingerprint and time.monotonic() < self._until


def describe(registry: Registry, version: Version) -> PublishedModel:
    """Return what the registry knows of a version: metrics, decision, lineage.

    The metrics are those of the model itself, not of its parts. A run that was deleted leaves
    metrics out and of the lineage all but what the version itself knows.

    Raises:
        RegistryError: The registry is out of reach.
    """
    metrics, tags = _read_run(registry, version.run_id)
    lineage = {
        name: tags[_LINEAGE_PREFIX + name] for name in LINEAGE if _LINEAGE_PREFIX + name in tags
    }
    if version.promoted_by_hand is not None:
        lineage["promoted_by_hand"] = version.promoted_by_hand
    return PublishedModel(
        model_name=registry.model_name,
        version=version.version,
        digest=version.digest,
        run_id=version.run_id or None,
        metrics={
            key: float(value)
            for key, value in sorted(metrics.items())
            if "/" not in key and math.isfinite(value)
        },
        decision=_read_decision(version),
        lineage={**lineage, "registered_at": version.created.isoformat(timespec="seconds")},
        rolled_back=version.rolled_back,
    )


def _read_run(registry: Registry, run_id: str) -> tuple[Mapping[str, float], Mapping[str, str]]:
    if not run_id:
        return {}, {}
    with registry_errors(f"run {run_id}"):
        try:
            data = registry.client.get_run(run_id).data
        except MlflowException as error:
            if error_code(error) == "RESOURCE_DOES_NOT_EXIST":
                return {}, {}
            raise
    return data.metrics, data.tags


def _read_decision(version: Version) -> dict[str, Any] | None:
    text = version.tags.get(DECISION_TAG)
    if not text:
        return None
    try:
        record = json.loads(text)
        return {**record["decision"], "against": record["against"], "at": record["at"]}
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            f"the gate's decision cannot be read: {error!r}",
            place=f"version {version.version}",
            value=text[:80],
            remedy=f"Remove the version's tag {DECISION_TAG}.",
        ) from error


def _models(pointer: Pointer) -> list[PublishedModel]:
    return [model for model in (pointer.production, pointer.previous) if model is not None]


def _why(withdrawal: Withdrawal) -> str:
    asked = {"api": "through the API", "command": "by command", "automatic": "by itself"}
    return f"withdrawn {asked[withdrawal.by]} at {withdrawal.at}: {withdrawal.reason}"
