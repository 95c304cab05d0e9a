"""Child processes of the supervisor: started, restarted when they die, and ended."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_LOG = logging.getLogger(__name__)
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
#: A child that lived this long has started well, so that its next death is a first one.
_SETTLED_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Command:
    """What is kept running.

    Attributes:
        name: As people call it.
        arguments: The program and its arguments.
        environment: Returns the variables to add; called before every start.
    """

    name: str
    arguments: Sequence[str]
    environment: Callable[[], Mapping[str, str]] = field(default=dict)


class Child:
    """One command that is kept running, as the leader of a process group of its own.

    Args:
        command: What to run.
        clock: Seconds that never go back.
    """

    def __init__(self, command: Command, clock: Callable[[], float] = time.monotonic) -> None:
        self.command = command
        self.restarts = 0
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = _SHORTEST_PAUSE
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        """Process id, or ``None`` while it does not run."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process is not None else None

    def start(self) -> None:
        """Start the command."""
        self._process = start(self.command)
        self._started = self._clock()

    def keep_running(self) -> None:
        """Start the command again where it has died, later and later while it dies at once."""
        if self.pid is not None:
            return
        if self._process is not None:
            self._bury(self._process)
        elif self._clock() >= self._not_before:
            self.restarts += 1
            self.start()

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        now = self._clock()
        if now - self._started > _SETTLED_SECONDS:
            self._pause = _SHORTEST_PAUSE
        _LOG.warning(
            "%s ended with status %d; it is started again in %.1f s",
            self.command.name,
            process.returncode,
            self._pause,
        )
        # What it has started, such as workers, must not go on without it.
        send(process.pid, signal.SIGKILL)
        self._process = None
        self._not_before = now + self._pause
        self._pause = min(2.0 * self._pause, _LONGEST_PAUSE)

    def terminate(self) -> None:
        """Ask the command to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, deadline: float) -> bool:
        """Wait for its end, kill its whole group at the deadline, and say whether it ended itself.

        Args:
            deadline: On the clock.
        """
        if self._process is None:
            return True
        try:
            self._process.wait(max(deadline - self._clock(), 0.0))
        except subprocess.TimeoutExpired:
            send(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return False
        send(self._process.pid, signal.SIGKILL)
        return True

    def kill(self) -> None:
        """End the command and whatever it has started, at once."""
        if self._process is not None:
            send(self._process.pid, signal.SIGKILL)
            self._process.wait()


def start(command: Command) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own, so that a terminal's Ctrl-C is not for it.

    On Linux it is asked to end when the thread that started it ends.
    """
    return subprocess.Popen(
        list(command.arguments),
        env=os.environ | dict(command.environment()),
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_end_with_parent(),  # noqa: PLW1509 - started before there are threads
    )


def send(group: int, number: int) -> None:
    """Send a signal to a process group, if it still has members."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _end_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    return lambda: library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
