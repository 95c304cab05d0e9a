"""Locks on files: the kernel frees them when a process ends, in whatever way."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from monitoring.errors import MonitoringError


@contextmanager
def only_one(file: Path, *, what: str) -> Iterator[IO[str]]:
    """Hold the lock on ``file`` for the body of a ``with`` statement.

    A child that inherits the stream's descriptor holds the lock as well, until both have ended.

    Args:
        file: Made if it is absent.
        what: Who holds it, for the error.

    Raises:
        MonitoringError: Another process holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MonitoringError(
                f"another {what} is at work",
                place=str(file),
                remedy="Wait for its end, or end it.",
            ) from error
        yield stream


def is_held(file: Path) -> bool:
    """Return whether any process holds the lock on ``file``."""
    try:
        with only_one(file, what="process"):
            return False
    except MonitoringError:
        return True
