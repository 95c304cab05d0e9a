"""Profiles on disk: one file for each period, worker and model.

A profile says up to which piece of its worker's spool it holds the rows. It is replaced as a whole,
and a piece is removed only after every profile that it belongs to is on disk, so that a crash
between the two neither loses a row nor counts one twice.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

from monitoring.errors import MonitoringError
from monitoring.sketches import Sketches
from recommender.publication import sync

_LOG = logging.getLogger(__name__)
_TIME = "%Y%m%dT%H%M%SZ"
_ENDING = ".bin"
DAMAGED = ".damaged"
NO_MODEL = "none"


@dataclass(frozen=True)
class ProfileKey:
    """What a profile is of.

    Attributes:
        start: Begin of the period, in seconds since 1970.
        seconds: Its length.
        worker: Who saw it.
        model: Digest of the bundle that was served, or ``None`` where there was no model.
    """

    start: int
    seconds: int
    worker: str
    model: str | None

    @property
    def file_name(self) -> str:
        """Name of the file; in order of names is in order of time."""
        start = datetime.fromtimestamp(self.start, UTC).strftime(_TIME)
        return f"{start}.{self.seconds}s.{self.worker}.{self.model or NO_MODEL}{_ENDING}"

    @classmethod
    def from_name(cls, name: str) -> ProfileKey:
        """Return the key of a file.

        Raises:
            MonitoringError: It is not named like a profile.
        """
        try:
            start, seconds, worker, model = name.removesuffix(_ENDING).split(".")
            begin = datetime.strptime(start, _TIME).replace(tzinfo=UTC)
            length = int(seconds.removesuffix("s"))
        except ValueError as error:
            raise MonitoringError("not the name of a profile", place=name) from error
        digest = None if model == NO_MODEL else model
        return cls(int(begin.timestamp()), length, worker, digest)


@dataclass(frozen=True, eq=False)
class Profile:
    """One file.

    Attributes:
        key: What it is of.
        sketches: The sketches of its columns, or ``None`` without a row.
        through: Number of the last piece of the worker whose rows it holds; 0 for none.
        rows: How many rows it holds.
    """

    key: ProfileKey
    sketches: Sketches | None = None
    through: int = 0
    rows: int = 0

    def with_rows(self, added: Sketches, rows: int, through: int) -> Profile:
        """Return the profile with the rows of further pieces."""
        sketches = added if self.sketches is None else self.sketches.merged(added)
        return Profile(self.key, sketches, through, self.rows + rows)


class ProfileStore:
    """The folder of profiles.

    Args:
        folder: Made when it is first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, key: ProfileKey) -> Profile:
        """Return a profile, without rows where there is none yet.

        One that cannot be read is moved aside, and begins anew.
        """
        file = self.folder / key.file_name
        if not file.exists():
            return Profile(key)
        try:
            return self._read(file)
        except MonitoringError as error:
            _LOG.error("%s: the profile is moved aside and begins anew", error)
            file.replace(file.with_name(file.name + DAMAGED))
            return Profile(key)

    def save(self, profile: Profile) -> None:
        """Replace a profile; it is durable on return."""
        if profile.sketches is None:
            return
        metadata = {"through": str(profile.through), "rows": str(profile.rows)}
        content = profile.sketches.to_bytes(metadata)
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, work = tempfile.mkstemp(prefix=".", dir=self.folder)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(work).replace(self.folder / profile.key.file_name)
        except BaseException:
            Path(work).unlink(missing_ok=True)
            raise
        sync(self.folder)

    def all_keys(self) -> list[ProfileKey]:
        """Return what there are profiles of, in order of time."""
        return [ProfileKey.from_name(file.name) for file in self._files()]

    def merged(self, keys: Sequence[ProfileKey]) -> MergedProfiles:
        """Return the profiles of ``keys`` as one; those that cannot be read are named in it."""
        found: list[Profile] = []
        unreadable: list[str] = []
        for key in keys:
            try:
                found.append(self._read(self.folder / key.file_name))
            except (MonitoringError, OSError) as error:
                unreadable.append(f"{key.file_name}: {error}")
        sketches = [item.sketches for item in found if item.sketches is not None]
        together = reduce(Sketches.merged, sketches) if sketches else None
        return MergedProfiles(together, sum(item.rows for item in found), tuple(unreadable))

    def forget(self, keep_periods: int) -> int:
        """Remove all but the latest periods and return how many files that were."""
        starts = sorted({key.start for key in self.all_keys()})
        gone = set(starts[:-keep_periods])
        files = [key.file_name for key in self.all_keys() if key.start in gone]
        for name in files:
            (self.folder / name).unlink()
        return len(files)

    def _files(self) -> Iterator[Path]:
        return iter(sorted(self.folder.glob(f"[0-9]*{_ENDING}")))

    def _read(self, file: Path) -> Profile:
        sketches = Sketches.from_bytes(file.read_bytes())
        metadata = sketches.metadata
        try:
            through, rows = int(metadata["through"]), int(metadata["rows"])
        except (KeyError, ValueError) as error:
            raise MonitoringError(
                "the profile does not say which rows it holds", place=str(file)
            ) from error
        return Profile(ProfileKey.from_name(file.name), sketches, through, rows)


@dataclass(frozen=True, eq=False)
class MergedProfiles:
    """Several profiles as one.

    Attributes:
        sketches: Of all of them, or ``None`` without a row.
        rows: How many rows they hold.
        unreadable: The files that could not be read, and why.
    """

    sketches: Sketches | None
    rows: int
    unreadable: tuple[str, ...]
