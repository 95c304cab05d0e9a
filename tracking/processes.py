"""Whether the process that opened a run or holds a lock is still there.

A process is known by host, process id and start time; the start time tells it from a later
process to which the system gave the same id.
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PREFIX = "roulette.process."


@dataclass(frozen=True)
class ProcessMark:
    """What tells one process from every other.

    Attributes:
        host: Host name, with the namespace of process ids where the system has them: containers
            that share a host name do not see each other's processes.
        pid: Process id.
        started: Start time as the system states it; only ever compared for equality.
    """

    host: str
    pid: int
    started: str

    def to_tags(self) -> dict[str, str]:
        """Return the mark as tags."""
        values = {"host": self.host, "pid": str(self.pid), "started": self.started}
        return {_PREFIX + key: value for key, value in values.items()}

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> Self | None:
        """Return the mark that `to_tags` wrote, or ``None`` where there is none."""
        try:
            return cls(
                host=tags[_PREFIX + "host"],
                pid=int(tags[_PREFIX + "pid"]),
                started=tags[_PREFIX + "started"],
            )
        except (KeyError, ValueError):
            return None

    def is_dead(self) -> bool:
        """Return whether the process certainly ended; of another host's, nothing is certain."""
        if self.host != this_host():
            return False
        started = _start_time(self.pid)
        return started is None or started != self.started

    def __str__(self) -> str:
        """Return the mark as it reads in a sentence."""
        return f"process {self.pid} on {self.host}"


def this_host() -> str:
    """Return the host name and, on Linux, its namespace of process ids."""
    try:
        namespace = "/" + str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return socket.gethostname() + namespace


def this_process() -> ProcessMark:
    """Return the mark of the process that calls."""
    pid = os.getpid()
    return ProcessMark(host=this_host(), pid=pid, started=_start_time(pid) or "unknown")


def this_user() -> str:
    """Return who runs this process, for the record: the user name, or the number without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _start_time(pid: int) -> str | None:
    """Return when process ``pid`` started, or ``None`` if it ended; a zombie has ended."""
    if Path("/proc/self/stat").exists():
        return _start_time_linux(pid)
    shown = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)],  # noqa: S607 - its folder varies
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout.strip()
    return None if not shown or shown.startswith("Z") else shown.split(maxsplit=1)[1]


def _start_time_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    # The name of the program, in parentheses, may itself hold spaces and parentheses.
    state, *rest = stat.rpartition(")")[2].split()
    ticks_since_boot = rest[18]
    return None if state in ("Z", "X") else f"{boot}/{ticks_since_boot}"
