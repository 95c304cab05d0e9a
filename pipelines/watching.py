"""Runs rounds of monitoring again and again, each in a process of its own, until told to stop.

A round that fails, or that takes the libraries' state with it, does not end the loop.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

import environment
from pipelines.alerts import tell
from pipelines.outcome import WatchOutcome
from pipelines.plan import Plan

_LOOK_SECONDS = 0.2


def watch(plan: Plan) -> WatchOutcome:
    """Run rounds as this process was asked to, until SIGINT or SIGTERM.

    Args:
        plan: Says how often.
    """
    seconds = plan.watch_seconds or 0.0
    return Watch(round_command(sys.argv[1:]), seconds, _say).run()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class Watch:
    """The loop.

    Args:
        command: Runs one round; ``--retrain`` is for the first one only.
        seconds: From the start of a round to that of the next.
        say: Shows a line to whoever started it.
    """

    def __init__(self, command: Sequence[str], seconds: float, say: Callable[[str], None]) -> None:
        self._command = list(command)
        self._seconds = seconds
        self._say = say
        self._stop = threading.Event()
        self.rounds = self.failed = 0

    def run(self) -> WatchOutcome:
        """Run until SIGINT or SIGTERM, and return what it came to."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)
        while not self._stop.is_set():
            started = time.monotonic()
            self._round()
            # Not a single wait: a signal must end it on every system.
            while time.monotonic() < started + self._seconds and not self._stop.is_set():
                self._stop.wait(_LOOK_SECONDS)
        return WatchOutcome(self.rounds, self.failed)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _round(self) -> None:
        # Of its own session, so that a terminal's Ctrl-C comes by way of this process only.
        process = subprocess.Popen(self._command, cwd=environment.ROOT, start_new_session=True)
        asked = False
        while (code := process.poll()) is None:
            if self._stop.is_set() and not asked:
                asked = True
                process.send_signal(signal.SIGINT)
            time.sleep(_LOOK_SECONDS)
        if self._stop.is_set():
            return
        self._command = [argument for argument in self._command if argument != "--retrain"]
        self.rounds += 1
        if code != 0:
            self.failed += 1
            text = f"Round {self.rounds} of the monitoring ended with status {code}."
            tell(text, step="monitoring", run=f"round {self.rounds}")
            self._say(f"{text} The next one follows.")


def round_command(arguments: Sequence[str]) -> list[str]:
    """Return the command of one round: that of the loop without ``--watch``."""
    left: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--watch":
            skip = True
        elif not argument.startswith("--watch="):
            left.append(argument)
    return [sys.executable, str(environment.ROOT / "run_pipeline.py"), *left]
