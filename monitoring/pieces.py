"""The other end of the spools: pieces that are finished, also those of workers that were killed."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitoring.errors import MonitoringError
from monitoring.observations import Observation
from monitoring.spool import FINISHED, LOCK, NEW, UNFINISHED

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Piece:
    """A finished piece.

    Attributes:
        worker: Name of the worker that wrote it.
        number: Its place among the pieces of the worker, from 1.
        file: Where it lies.
    """

    worker: str
    number: int
    file: Path

    def rows(self) -> tuple[list[Observation], int]:
        """Return its rows, and how many could not be read.

        A worker that was killed while it wrote leaves half a row at the end.

        Raises:
            OSError: The file cannot be read.
        """
        found, damaged = [], 0
        for line in self.file.read_bytes().splitlines():
            try:
                found.append(Observation.from_line(line))
            except MonitoringError as error:
                damaged += 1
                _LOG.warning("%s: %s", self.file, error)
        return found, damaged


def finished(spools: Path) -> Iterator[Piece]:
    """Yield the finished pieces of every worker, each worker's in order."""
    for folder in _folders(spools):
        for file in sorted(folder.glob(f"*{FINISHED}")):
            yield Piece(folder.name, int(file.stem), file)


def finish_dead(spools: Path) -> None:
    """Finish the pieces of workers that live no more, and remove the folders that are empty."""
    for folder in _folders(spools):
        if not _is_dead(folder):
            continue
        for left in folder.glob(f"*{UNFINISHED}"):
            left.rename(left.with_suffix(FINISHED))
        if not any(folder.glob(f"*{FINISHED}")):
            (folder / LOCK).unlink(missing_ok=True)
            folder.rmdir()


def _folders(spools: Path) -> list[Path]:
    return sorted(folder for folder in spools.glob("*/") if folder.suffix != NEW)


def _is_dead(folder: Path) -> bool:
    lock = folder / LOCK
    if not lock.exists():
        return False
    with lock.open("r+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
