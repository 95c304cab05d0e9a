"""Runs the whole server on one machine: the publisher, gunicorn, and the end of both.

Without a published model it publishes the registry's, and without one there it trains the sample
model first. A child that dies is started again. Told to stop, it makes the server not ready,
waits for load balancers to notice, and ends the children in order.
"""

from __future__ import annotations

import importlib.util
import json
import logging.config
import math
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

import environment
from events.migrate import migrate
from recommender.errors import RouletteError
from recommender.publication import PublishedFolder
from serving.logs import configuration
from serving.processes import Child, Command, send, start
from serving.server import MODULE, server_environment
from serving.settings import ServerSettings
from serving.stopping import StopNotice

PUBLISH, PROFILE = "tracking.publish", "monitoring.profile"
INTERRUPTED = 130
_LOOK_SECONDS = 0.1
_READY_SECONDS = 60.0
#: Beyond the time that requests in flight have.
_SPARE_SECONDS = 3.0


@dataclass
class Stop:
    """Whether to stop, and how much of a hurry there is.

    Plain numbers, since a lock that the interrupted thread holds cannot be taken in a handler.

    Attributes:
        signals: How often it was asked for; the second time means at once.
        number: The first signal, or ``None``.
    """

    signals: int = 0
    number: int | None = None

    @property
    def is_requested(self) -> bool:
        """Whether the server is to stop."""
        return self.signals > 0

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Take note of a signal."""
        self.signals += 1
        self.number = self.number or number


class Supervisor:
    """The children and their order.

    Args:
        settings: Of the server.
        with_publisher: Whether to run the publisher, and to train where there is no model.
        say: Shows a line to whoever started the server.
    """

    def __init__(
        self,
        settings: ServerSettings,
        *,
        with_publisher: bool = True,
        say: Callable[[str], None] = lambda line: print(line, flush=True),  # noqa: T201
    ) -> None:
        self._settings = settings
        self._with_publisher = with_publisher
        self._say = say
        self._notice = StopNotice(settings.run_folder)
        self._children: list[Child] = []
        self.stop = Stop()

    def run(self) -> int:
        """Run until told to stop, and return the exit status.

        Raises:
            UsageError: The event store is not known, or of a later version.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop.handle)
        migrate(self._settings.events_url)
        status = self._provide_model()
        if status != 0 or self.stop.is_requested:
            return status or INTERRUPTED
        self._start()
        try:
            self._keep_running()
        finally:
            clean = self._end()
        if self.stop.number == signal.SIGINT:
            return INTERRUPTED
        return 0 if clean else 1

    def _provide_model(self) -> int:
        """Publish or train a model where there is none, and return the status of what failed."""
        if not self._with_publisher or self._has_model():
            return 0
        self._say("No model is published yet: asking the registry.")
        self._finish(Command("publisher", _python("-m", PUBLISH, "--once")))
        if self._has_model() or self.stop.is_requested:
            return 0
        self._say("The registry has no production model: training one on the sample.")
        return self._finish(Command("training", _python(str(environment.ROOT / "run_pipeline.py"))))

    def _has_model(self) -> bool:
        return PublishedFolder(self._settings.published_folder).pointer_file.is_file()

    def _finish(self, command: Command) -> int:
        """Run a command to its end, or end it when the server is to stop."""
        process = start(command)
        while (status := process.poll()) is None:
            if self.stop.is_requested:
                send(process.pid, signal.SIGINT)
                return _end_of(process)
            time.sleep(_LOOK_SECONDS)
        return status

    def _start(self) -> None:
        commands = [
            Command("server", _python("-m", MODULE), lambda: server_environment(self._settings))
        ]
        if self._with_publisher:
            commands.append(Command("publisher", _python("-m", PUBLISH)))
        if self._settings.profiling.enabled and has_profiler():
            commands.append(Command("profiler", _python("-m", PROFILE, *self._profiling())))
        self._children = [Child(command) for command in commands]
        for child in self._children:
            child.start()

    def _profiling(self) -> Sequence[str]:
        chosen = self._settings.profiling
        return (
            *("--folder", str(self._settings.monitoring_folder)),
            *("--published", str(self._settings.published_folder)),
            *("--period-seconds", str(chosen.period_seconds)),
            *("--keep-periods", str(chosen.keep_periods)),
        )

    def _keep_running(self) -> None:
        is_announced, latest = False, time.monotonic() + _READY_SECONDS
        while not self.stop.is_requested:
            time.sleep(_LOOK_SECONDS)
            for child in self._children:
                child.keep_running()
            if not is_announced and is_ready(self.address):
                is_announced = True
                self._say(f"Movie Roulette: {self.address} (Ctrl-C ends it)")
                self._say(f"  API: {self.address}/docs   metrics: {self.address}/metrics")
            elif not is_announced and time.monotonic() > latest:
                latest = math.inf
                self._say(f"Not ready yet; {self.address}/health/ready says why.")

    @property
    def address(self) -> str:
        """Where the server answers on this machine."""
        web = self._settings.web
        host = "127.0.0.1" if web.host in ("0.0.0.0", "::", "") else web.host  # noqa: S104
        return f"http://{host}:{web.port}"

    def _end(self) -> bool:
        """End the children, and say whether all of them ended by themselves."""
        self._say("Stopping: requests in flight are finished first (Ctrl-C again ends at once).")
        web = self._settings.web
        self._notice.give()
        self._pause(web.drain_seconds)
        for child in self._children:
            child.terminate()
        deadline = time.monotonic() + web.graceful_seconds + _SPARE_SECONDS
        while time.monotonic() < deadline and any(child.pid for child in self._children):
            if self.stop.signals > 1:
                break
            time.sleep(_LOOK_SECONDS)
        clean = [child.wait(time.monotonic()) for child in self._children]
        self._notice.take_back()
        return all(clean)

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.stop.signals <= 1:
            time.sleep(min(_LOOK_SECONDS, seconds))


def has_publisher() -> bool:
    """Return whether what the publisher stands on is installed here."""
    return all(importlib.util.find_spec(name) is not None for name in ("mlflow", "tracking"))


def has_profiler() -> bool:
    """Return whether what the profiler stands on is installed here."""
    return importlib.util.find_spec("whylogs") is not None


def is_ready(address: str) -> bool:
    """Return whether the server at ``address`` is ready."""
    try:
        with urllib.request.urlopen(f"{address}/health/ready", timeout=1.0) as answer:  # noqa: S310
            return bool(json.load(answer)["status"] == "ready")
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return False


def run(settings: ServerSettings, *, with_publisher: bool) -> int:
    """Run the server until it is told to stop, and return the exit status."""
    logging.config.dictConfig(configuration())
    try:
        return Supervisor(settings, with_publisher=with_publisher).run()
    except RouletteError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


def _python(*arguments: str) -> Sequence[str]:
    return (sys.executable, *arguments)


def _end_of(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_SPARE_SECONDS)
    except subprocess.TimeoutExpired:
        send(process.pid, signal.SIGKILL)
        return process.wait()
