"""What operators did: one line each, only ever appended, on disk before anything is done."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
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


class AuditLog:
    """A file of deeds.

    Args:
        file: Made when something is first done.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def append(self, key_id: str, action: str, outcome: str, detail: str) -> None:
        """Write a line; it is durable on return.

        Raises:
            OSError: It cannot be written.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps(asdict(Deed(now, key_id, action, outcome, detail))) + "\n"
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def latest(self, limit: int = 20) -> list[Deed]:
        """Return the latest deeds, the last first."""
        if not self.file.is_file():
            return []
        lines = self.file.read_text().splitlines()[-limit:]
        return [Deed(**json.loads(line)) for line in reversed(lines)]
