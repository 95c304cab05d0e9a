"""The registered model: its versions, and the aliases that decide what is served."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import environment
from recommender.bundle import Bundle, require_format
from recommender.errors import RegistryError, UsageError
from recommender.evaluation.gate import GateDecision
from recommender.settings import RegistrySettings
from tracking.bundle_cache import fetch_bundle
from tracking.changes import finish_change, read_history
from tracking.connection import Store, connect, error_code, registry_errors, resolve_store
from tracking.locks import LockTimes, StillHeld, registry_lock
from tracking.model_log import LoggedBundle
from tracking.versions import (
    CANDIDATE,
    COMPLETE_TAG,
    DECISION_TAG,
    DIGEST_TAG,
    PENDING_TAG,
    PREVIOUS,
    PRODUCTION,
    Change,
    Version,
    list_versions,
    read_aliases,
    read_version,
)

_DESCRIPTION = "The hybrid recommender. The version with the alias production is what is served."


@dataclass(frozen=True)
class Recovery:
    """What an earlier process left unfinished, and now is not.

    Attributes:
        deleted: Versions whose registration was cut short.
        completed: The change of aliases that was cut short and is now complete, or ``None``.
    """

    deleted: tuple[str, ...] = ()
    completed: Change | None = None


class Registry:
    """One registered model in the registry that the environment names.

    Args:
        settings: Names the model.
        cache: Folder for bundles that must be downloaded; ``bundles`` in the state folder unless
            given.
        times: How long to wait for the lock.

    Attributes:
        model_name: Name of the registered model.
        store: Where the registry is.
        client: MLflow's client of it.

    Raises:
        RegistryError: The registry is out of reach.
        UsageError: MLflow does not allow the name.
    """

    def __init__(
        self,
        settings: RegistrySettings,
        *,
        cache: Path | None = None,
        times: LockTimes | None = None,
    ) -> None:
        self.model_name = _check_name(settings.model_name)
        self.store: Store = resolve_store()
        self.client: MlflowClient = connect(self.store)
        self._cache = cache or environment.state_dir() / "bundles"
        self._keep = settings.downloaded_bundles
        self._times = times

    @contextmanager
    def lock(self) -> Iterator[StillHeld]:
        """Hold the lock under which versions are made and aliases move; see `registry_lock`."""
        with registry_lock(self.client, self.store, self.model_name, self._times) as still_held:
            yield still_held

    def aliases(self) -> dict[str, str]:
        """Return the version to which each alias points; empty before the first registration."""
        with self._errors():
            try:
                return read_aliases(self.client.get_registered_model(self.model_name))
            except MlflowException as error:
                if error_code(error) == "RESOURCE_DOES_NOT_EXIST":
                    return {}
                raise

    def fingerprint(self) -> str:
        """Return a text that changes with every move of an alias, and when the move is complete.

        One query tells whether anything is to be looked at; it is empty before the first version.
        """
        with self._errors():
            try:
                model = self.client.get_registered_model(self.model_name)
            except MlflowException as error:
                if error_code(error) == "RESOURCE_DOES_NOT_EXIST":
                    return ""
                raise
        return json.dumps([read_aliases(model), dict(model.tags)], sort_keys=True)

    def versions(self) -> tuple[Version, ...]:
        """Return every version, oldest first."""
        aliases = self.aliases()
        with self._errors():
            found = list_versions(self.client, self.model_name)
        read = (read_version(entry, aliases) for entry in found)
        return tuple(sorted(read, key=lambda version: int(version.version)))

    def version(self, number: str) -> Version:
        """Return one version.

        Raises:
            RegistryError: There is none of this number.
        """
        aliases = self.aliases()
        with self._errors():
            return read_version(self.client.get_model_version(self.model_name, number), aliases)

    def aliased(self, alias: str) -> Version | None:
        """Return the version to which ``alias`` points, or ``None``."""
        number = self.aliases().get(alias)
        return None if number is None else self.version(number)

    def candidate(self) -> Version | None:
        """Return the version that was registered last and not promoted, or ``None``."""
        return self.aliased(CANDIDATE)

    def production(self) -> Version | None:
        """Return the version that is served, or ``None``."""
        return self.aliased(PRODUCTION)

    def previous(self) -> Version | None:
        """Return the version to which a rollback would go, or ``None``."""
        return self.aliased(PREVIOUS)

    def bundle(self, version: Version, *, any_format: bool = False) -> Bundle:
        """Return the verified bundle of a version, fetched if the registry is elsewhere.

        Args:
            version: Which.
            any_format: Whether it may be of a format that this version of the project does not
                read, for what its manifest says.

        Raises:
            BundleError: The stored bundle is missing, incomplete, altered or of another format.
            RegistryError: MLflow is out of reach, the bundle is not the registered one, or the
                artifacts belong to another project.
        """
        place = f"{self.model_name} version {version.version}"
        if not version.digest:
            raise RegistryError("it was made by hand and holds no bundle", place=place)
        with self._errors():
            location = self.client.get_model_version_download_uri(self.model_name, version.version)
        self.store.check_location(location, place=place)
        uri = f"models:/{self.model_name}/{version.version}"
        bundle = fetch_bundle(uri, location, version.digest, self._cache, self._keep)
        if not any_format:
            require_format(bundle)
        return bundle

    def decision(self, version: Version) -> GateDecision | None:
        """Return what the gate last decided on a version, or ``None`` if it was not asked."""
        text = version.tags.get(DECISION_TAG)
        return None if not text else GateDecision.from_dict(json.loads(text)["decision"])

    def history(self) -> tuple[Change, ...]:
        """Return every promotion and rollback, oldest first."""
        if not self.versions():
            return ()
        with self._errors():
            return read_history(self.client, self.model_name)

    def find(self, digest: str) -> Version | None:
        """Return the latest complete version of the bundle ``digest``, or ``None``."""
        known = [item for item in self.versions() if item.complete and item.digest == digest]
        return known[-1] if known else None

    def nominate(self, version: Version) -> Version:
        """Point ``candidate`` to a complete version, unless it is production.

        Raises:
            RegistryError: MLflow is out of reach, or another pipeline holds the lock for too long.
        """
        with self.lock() as still_held, self._errors():
            return self._nominate(self.version(version.version), still_held)

    def register(
        self, run_id: str, model: LoggedBundle, tags: Mapping[str, str] | None = None
    ) -> Version:
        """Make a version of a logged bundle and point ``candidate`` to it.

        A bundle that is registered already, by its digest, keeps its version. A version counts
        only when its bundle was read back and verified; until then it carries no `COMPLETE_TAG`,
        and if this process ends before, the next one deletes it.

        Args:
            run_id: The run that made it.
            model: The bundle as MLflow holds it.
            tags: Further tags of the version.

        Raises:
            BundleError: The bundle that was read back is not whole.
            RegistryError: MLflow is out of reach, or another pipeline holds the lock for too long.
        """
        with self.lock() as still_held, self._errors():
            self._ensure_model()
            self._delete_incomplete()
            known = [version for version in self.versions() if version.digest == model.digest]
            version = known[-1] if known else self._create(run_id, model, tags or {})
            return self._nominate(version, still_held)

    def recover(self) -> Recovery:
        """Finish or undo what a killed process left; to be called when a pipeline starts.

        Raises:
            RegistryError: MLflow is out of reach, or another pipeline holds the lock for too long.
        """
        with self._errors():
            if not self._is_unfinished():
                return Recovery()
        with self.lock(), self._errors():
            return Recovery(
                deleted=self._delete_incomplete(),
                completed=finish_change(self.client, self.model_name),
            )

    def _nominate(self, version: Version, still_held: StillHeld) -> Version:
        still_held()
        if PRODUCTION not in version.aliases:
            self.client.set_registered_model_alias(self.model_name, CANDIDATE, version.version)
        return self.version(version.version)

    def _create(self, run_id: str, model: LoggedBundle, tags: Mapping[str, str]) -> Version:
        made = self.client.create_model_version(
            self.model_name,
            source=model.uri,
            run_id=run_id,
            model_id=model.model_id,
            tags={**tags, DIGEST_TAG: model.digest},
        )
        try:
            version = self.version(made.version)
            self.bundle(version)
            self.client.set_model_version_tag(
                self.model_name, version.version, COMPLETE_TAG, "true"
            )
        except BaseException:
            # Where even this fails, the next `recover` deletes it.
            with suppress(MlflowException):
                self.client.delete_model_version(self.model_name, made.version)
            raise
        return self.version(made.version)

    def _ensure_model(self) -> None:
        try:
            self.client.create_registered_model(self.model_name, description=_DESCRIPTION)
        except MlflowException as error:
            if error_code(error) != "RESOURCE_ALREADY_EXISTS":
                raise

    def _is_unfinished(self) -> bool:
        versions = self.versions()
        if not versions:
            return False
        tags = self.client.get_registered_model(self.model_name).tags
        return bool(tags.get(PENDING_TAG)) or any(_is_cut_short(item) for item in versions)

    def _delete_incomplete(self) -> tuple[str, ...]:
        """Delete versions without `COMPLETE_TAG`; under the lock nobody is still making one."""
        cut_short = [version.version for version in self.versions() if _is_cut_short(version)]
        for number in cut_short:
            self.client.delete_model_version(self.model_name, number)
        return tuple(cut_short)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with registry_errors(f"registered model {self.model_name}"):
            yield


def _is_cut_short(version: Version) -> bool:
    # One without a digest was made by hand, by somebody who knows why.
    return bool(version.digest) and not version.complete


def _check_name(name: str) -> str:
    if not name or set(name) & set("/:'\"\\"):
        raise UsageError(
            "not a name that MLflow allows for a model",
            place="registry.model_name",
            value=name,
            remedy="Use letters, digits, '-', '_' and '.'.",
        )
    return name
