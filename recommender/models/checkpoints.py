"""Checkpoints of a training: one atomic file an epoch, and only ever continued by the same one."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.errors import TrainingError

Array = npt.NDArray[Any]
_PATTERN = "epoch-*.npz"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where a training stands.

    Attributes:
        epoch: Epochs done.
        arrays: By name, all that it needs to go on.
    """

    epoch: int
    arrays: Mapping[str, Array]


@dataclass(frozen=True)
class CheckpointFolder:
    """The checkpoints of one training; the latest alone is kept.

    Attributes:
        path: Made with the first checkpoint.
        identity: Digest of data, settings and start; see `identify`.
    """

    path: Path
    identity: str

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint that is whole or absent, and then remove the earlier ones."""
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.path / f"epoch-{checkpoint.epoch:05d}.npz"
        work = target.with_suffix(".partial")
        with work.open("wb") as stream:
            named: dict[str, Any] = {"identity": np.array(self.identity), **checkpoint.arrays}
            np.savez(stream, **named)
            stream.flush()
            os.fsync(stream.fileno())
        work.replace(target)
        for other in self.path.glob(_PATTERN):
            if other != target:
                other.unlink()

    def latest(self) -> Checkpoint | None:
        """Return the latest checkpoint, or ``None`` where there is none.

        Raises:
            TrainingError: It cannot be read, or belongs to other data, settings or another start.
        """
        files = sorted(self.path.glob(_PATTERN))
        if not files:
            return None
        arrays = _read(files[-1])
        found = str(arrays.pop("identity", ""))
        if found != self.identity:
            raise TrainingError(
                "the checkpoint belongs to other data, other settings or another start",
                place=str(files[-1]),
                value=found[:12],
                remedy=f"This training is {self.identity[:12]!r}: give it a folder of its own, or "
                "delete the checkpoint to begin anew.",
            )
        return Checkpoint(int(files[-1].stem.partition("-")[2]), arrays)


def _read(file: Path) -> dict[str, Array]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise TrainingError(
            "the checkpoint cannot be read",
            place=str(file),
            value=str(error),
            remedy="Delete it to begin anew.",
        ) from error


def identify(settings: Mapping[str, object], arrays: Iterable[Array]) -> str:
    """Return the SHA-256 (hex) of settings and arrays, dtypes and shapes included."""
    digest = hashlib.sha256(repr(sorted(settings.items())).encode())
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
