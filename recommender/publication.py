"""Which model the web workers serve: what the publisher writes and they read.

A folder on this machine holds the bundles, each under its digest, a record of each beside them,
and two small files that are replaced at once: the pointer, which says which model is production
and which was before it, and the withdrawal, by which an operator or a worker takes production
back without waiting for the registry. Readers see an old file or a new one, never half of one.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from recommender.errors import BundleError

POINTER = "pointer.json"
WITHDRAWAL = "withdrawal.json"
STATUS = "publisher.json"

#: Who took a model back: a person through the API or the command, or the error rate or latency.
WithdrawnBy = Literal["api", "command", "automatic"]

T = TypeVar("T")


@dataclass(frozen=True)
class PublishedModel:
    """One version of the registered model, with what the registry knows of it.

    Attributes:
        model_name: Name of the registered model.
        version: Its version, as the registry counts.
        digest: SHA-256 (hex) of the bundle's manifest, which names the bundle's folder.
        run_id: The tracking run that made it, or ``None`` where there was none.
        metrics: What was measured on test ratings, by metric key.
        decision: The gate's decision as plain values, or ``None`` if it was not asked.
        lineage: What else the registry says of its making, by name.
        rolled_back: When, by whom and why it was taken out of production, or ``None``.
    """

    model_name: str
    version: str
    digest: str
    run_id: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    decision: dict[str, Any] | None = None
    lineage: dict[str, str] = field(default_factory=dict)
    rolled_back: str | None = None

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the model that ``dataclasses.asdict`` made ``plain`` of."""
        return cls(**plain)


@dataclass(frozen=True)
class Pointer:
    """What is to be served.

    Attributes:
        production: The model that the registry calls ``production``.
        previous: The model to which a rollback goes, or ``None``.
        published_at: When this was written, ISO 8601, UTC.
    """

    production: PublishedModel
    previous: PublishedModel | None
    published_at: str

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the pointer that ``dataclasses.asdict`` made ``plain`` of."""
        previous = plain["previous"]
        return cls(
            production=PublishedModel.from_plain(plain["production"]),
            previous=None if previous is None else PublishedModel.from_plain(previous),
            published_at=plain["published_at"],
        )


@dataclass(frozen=True)
class Withdrawal:
    """A model that is not served although the registry calls it production.

    It holds for that one digest, so the next promotion ends it.

    Attributes:
        digest: Of the model's bundle.
        version: The model's version.
        by: Who took it back.
        reason: Why, as a sentence.
        at: When, ISO 8601, UTC.
    """

    digest: str
    version: str
    by: WithdrawnBy
    reason: str
    at: str


@dataclass(frozen=True)
class PublisherStatus:
    """How the publisher fares, for whoever wonders why a promotion does not arrive.

    Attributes:
        pid: Its process id.
        looked_at: When it last asked the registry, ISO 8601, UTC.
        succeeded_at: When the folder last was as the registry wants it, or ``None``.
        error: Why it is not so now, or ``None``.
        error_since: Since when, or ``None``.
        production: The version that the registry calls production, as far as is known.
        bundles: How many bundles are kept.
        removed: How many this publisher has removed, as the retention says.
    """

    pid: int
    looked_at: str
    succeeded_at: str | None = None
    error: str | None = None
    error_since: str | None = None
    production: str | None = None
    bundles: int = 0
    removed: int = 0


class PublishedFolder:
    """The folder in which publisher and workers meet.

    Args:
        root: The folder; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def pointer_file(self) -> Path:
        """Where the pointer is."""
        return self.root / POINTER

    @property
    def withdrawal_file(self) -> Path:
        """Where the withdrawal is, if there is one."""
        return self.root / WITHDRAWAL

    @property
    def bundles(self) -> Path:
        """Where the bundles are; what begins with a dot there is not published."""
        return self.root / "bundles"

    def bundle(self, digest: str) -> Path:
        """Return the folder of the bundle ``digest``."""
        return self.bundles / digest

    def record_file(self, digest: str) -> Path:
        """Where the record of a model is, from its first publication on."""
        return self.root / "records" / f"{digest}.json"

    def marks_file(self, digest: str) -> Path:
        """Where the marks of a bundle that was checked in full are; see `soundness`."""
        return self.root / "checked" / f"{digest}.json"

    def pointer(self) -> Pointer | None:
        """Return what is to be served, or ``None`` before anything was published.

        Raises:
            BundleError: The pointer is not what `write_pointer` writes.
        """
        return _read(self.pointer_file, Pointer.from_plain)

    def withdrawal(self) -> Withdrawal | None:
        """Return the withdrawal, or ``None``.

        Raises:
            BundleError: The file is not what `withdraw` writes.
        """
        return _read(self.withdrawal_file, lambda plain: Withdrawal(**plain))

    def record(self, digest: str) -> PublishedModel | None:
        """Return what the registry knew of a model when it was published, or ``None``.

        Raises:
            BundleError: The record is not what `write_pointer` writes.
        """
        return _read(self.record_file(digest), PublishedModel.from_plain)

    def status(self) -> PublisherStatus | None:
        """Return how the publisher fares, or ``None`` if there never was one.

        Raises:
            BundleError: The file is not what `write_status` writes.
        """
        return _read(self.root / STATUS, lambda plain: PublisherStatus(**plain))

    def write_status(self, status: PublisherStatus) -> None:
        """Say how the publisher fares."""
        write_json(self.root / STATUS, asdict(status))

    def write_pointer(self, pointer: Pointer) -> None:
        """Publish: keep the records of both models, then replace the pointer."""
        for model in (pointer.production, pointer.previous):
            if model is not None:
                write_json(self.record_file(model.digest), asdict(model))
        write_json(self.pointer_file, asdict(pointer))

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Take a model back; every worker follows within its polling time."""
        write_json(self.withdrawal_file, asdict(withdrawal))

    def end_withdrawal(self) -> None:
        """Remove the withdrawal, once the registry has followed it or a person says so."""
        self.withdrawal_file.unlink(missing_ok=True)


def write_json(file: Path, plain: Mapping[str, Any]) -> None:
    """Replace ``file`` by ``plain`` as JSON: durable, and at once."""
    with _written(file, plain) as work:
        work.replace(file)
    sync(file.parent)


def create_json(file: Path, plain: Mapping[str, Any]) -> bool:
    """Make ``file`` of ``plain`` as JSON: durable, and only one of several who try makes it.

    Returns:
        Whether it was made; a file that is there already stays as it is.
    """
    with _written(file, plain) as work:
        try:
            file.hardlink_to(work)
        except FileExistsError:
            return False
    sync(file.parent)
    return True


@contextmanager
def _written(file: Path, plain: Mapping[str, Any]) -> Iterator[Path]:
    """Write ``plain`` beside ``file``; what is left of it afterwards is removed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    work = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(plain, stream, indent=2, sort_keys=True, allow_nan=False)
            stream.flush()
            os.fsync(stream.fileno())
        work.chmod(0o644)
        yield work
    finally:
        work.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make the content of a file, or the entries of a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(file: Path, parse: Callable[[dict[str, Any]], T]) -> T | None:
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BundleError("it cannot be read", place=str(file), value=error.strerror) from error
    try:
        return parse(json.loads(raw))
    except (ValueError, TypeError, KeyError) as error:
        raise BundleError(
            f"it is not what the publisher writes: {error!r}",
            place=str(file),
            remedy="Remove it; the publisher writes it again.",
        ) from error
