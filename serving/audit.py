"""What operators did: one line each, only ever appended, on disk before anything is done."""

from __future__ import annotations

import fcntl
import json
import os
from collections import deque
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Deed:
    """One line.

    Attributes:
        at: When, ISO 8601, UTC.
        key_id: Of the API key.
        action: What, such as ``rollback``.
        outcome: ``asked``, ``done`` or ``refused``.
        detail: The reason given, or what came of it.
    """

    at: str
    key_id: str
    action: str
    outcome: str
    detail: str


@dataclass(frozen=True)
class Deeds:
    """The latest lines.

    Attributes:
        found: The last first.
        problems: What cannot be read, in full sentences.
    """

    found: tuple[Deed, ...] = ()
    problems: tuple[str, ...] = ()


class AuditLog:
    """A file of deeds.

    Args:
        file: Made when something is first done.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def append(self, key_id: str, action: str, outcome: str, detail: str) -> None:
        """Write a line; it is durable on return, and whole or not there at all.

        Raises:
            OSError: It cannot be written.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps(asdict(Deed(now, key_id, action, outcome, detail))) + "\n"
        handle = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _append_whole(handle, line.encode(), self.file)
            os.fsync(handle)
        finally:
            os.close(handle)

    def latest(self, limit: int = 20) -> Deeds:
        """Return the latest deeds, and which of those lines cannot be read."""
        found, problems = [], []
        try:
            with self.file.open("rb") as lines:
                last = deque(enumerate(lines, 1), limit)
        except FileNotFoundError:
            return Deeds()
        except OSError as error:
            return Deeds(problems=(f"{self.file}: cannot be read: {error.strerror}.",))
        for number, line in reversed(last):
            try:
                found.append(_deed(line))
            except ValueError as error:
                problems.append(f"{self.file}, line {number}: cannot be read: {error}.")
        return Deeds(tuple(found), tuple(problems))


def _append_whole(handle: int, line: bytes, file: Path) -> None:
    size = os.fstat(handle).st_size
    # A line that a crash cut off must not take the next one with it.
    cut_off = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
    text = b"\n" + line if cut_off else line
    written = os.write(handle, text)
    if written != len(text):
        os.ftruncate(handle, size)
        raise OSError(f"{file}: only {written} of {len(text)} bytes could be written")


def _deed(line: bytes) -> Deed:
    tree = json.loads(line)
    names = {item.name for item in fields(Deed)}
    if not isinstance(tree, dict) or set(tree) != names:
        raise ValueError(f"must have the keys {', '.join(sorted(names))} and no others")
    return Deed(**{name: str(value) for name, value in tree.items()})
