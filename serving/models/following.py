"""What a worker should serve, by the pointer and the withdrawal; pure functions and records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from recommender.publication import Pointer, PublishedModel, Withdrawal
from recommender.soundness import Marks
from serving.models.loading import ServedModel

EventKind = Literal["swapped", "refused", "withdrawn"]


@dataclass(frozen=True)
class ModelEvent:
    """Something that happened to the models of a worker, for logs and metrics.

    Attributes:
        kind: ``swapped`` in (the first model too), ``refused``, or ``withdrawn`` by this worker.
        version: The model's version, or ``None`` where the pointer itself cannot be read.
        digest: Of its bundle, or ``None``.
        detail: What was found or done, as a sentence.
        seconds: How long it took to load, 0 where it was loaded before.
    """

    kind: EventKind
    version: str | None
    digest: str | None
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Refusal:
    """Something published that is not served.

    Attributes:
        digest: Of the bundle, or ``None`` where the pointer or the withdrawal cannot be read.
        version: The model's version, or ``None``.
        reason: Why, with place and remedy.
        at: When it was last refused, ISO 8601, UTC.
    """

    digest: str | None
    version: str | None
    reason: str
    at: str


@dataclass(frozen=True)
class Wanted:
    """What is published, in the order in which a worker would serve it.

    Attributes:
        served: The model to serve.
        other: The model to keep loaded beside it, or ``None``.
        withdrawal: The withdrawal by which it is not production that is served, or ``None``.
    """

    served: PublishedModel
    other: PublishedModel | None
    withdrawal: Withdrawal | None

    @classmethod
    def of(cls, pointer: Pointer, withdrawal: Withdrawal | None) -> Wanted:
        """Return what to serve; a withdrawal of another model than production is over.

        Without a previous model there is nothing to go back to, and production stays.
        """
        production, previous = pointer.production, pointer.previous
        if previous is None or withdrawal is None or withdrawal.digest != production.digest:
            return cls(production, previous, None)
        return cls(previous, production, withdrawal)


@dataclass(frozen=True, eq=False)
class State:
    """The models of a worker at one moment; replaced as a whole.

    Attributes:
        current: The model that answers, or ``None``.
        other: The other one of production and previous, if it is loaded.
        withdrawal: The withdrawal that is followed, or ``None``.
        refused: What is published and not served.
    """

    current: ServedModel | None = None
    other: ServedModel | None = None
    withdrawal: Withdrawal | None = None
    refused: tuple[Refusal, ...] = ()

    def loaded(self, digest: str) -> ServedModel | None:
        """Return a loaded model by its digest, or ``None``."""
        for model in (self.current, self.other):
            if model is not None and model.digest == digest:
                return model
        return None


@dataclass(frozen=True)
class Look:
    """What a worker sees of the published folder without reading a file.

    Attributes:
        files: Marks of pointer and withdrawal, ``None`` for what is not there.
        refused: Marks of the folders of refused bundles, by digest.
        is_complete: Whether everything was done that follows from it.
    """

    files: tuple[tuple[int, ...] | None, ...] = ()
    refused: Mapping[str, Marks | None] = field(default_factory=dict)
    is_complete: bool = True

    def with_refused(self, digest: str, marks: Marks | None) -> Look:
        """Return the look with the marks that a bundle had when it was refused."""
        return replace(self, refused={**self.refused, digest: marks})


def file_mark(file: Path) -> tuple[int, ...] | None:
    """Return what changes when ``file`` is replaced, or ``None`` if it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns)
