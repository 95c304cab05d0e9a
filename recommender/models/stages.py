"""The stages of a training: told one by one, timed, and side by side where they can be."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_log = logging.getLogger(__name__)

#: Told what is being done, the units done and the units in all, if that is known.
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Stage:
    """What one stage took.

    Attributes:
        name: What was done.
        begin: On the monotonic clock of `time.perf_counter`, in seconds.
        end: Likewise.
        cpu_seconds: The processor's time of the thread that did it.
    """

    name: str
    begin: float
    end: float
    cpu_seconds: float


class Stages:
    """Tells of each stage as it begins, and remembers how long it took.

    Args:
        progress: Told of each stage.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.done: list[Stage] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Return a context whose duration is that of the stage."""
        self.progress(name, 0, None)
        begin, cpu = time.perf_counter(), time.thread_time()
        yield
        stage = Stage(name, begin, time.perf_counter(), time.thread_time() - cpu)
        self.done.append(stage)
        seconds = stage.end - stage.begin
        _log.info("%s: %.1f s, of the processor %.1f s", name, seconds, stage.cpu_seconds)
