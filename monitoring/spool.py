"""How rows get from a worker to the profiler: a queue in memory, then pieces of files.

A request only appends to the queue. A thread of the worker draws a sample of each second where
there is more than the profiler may cost, writes it to an unfinished piece, and renames it when it
is finished. A worker's folder is locked for as long as it lives, so that what a killed worker has
left unfinished can be told from what is still being written.

::

    spool/WORKER/alive.lock
    spool/WORKER/000000000007.rows      a finished piece; numbers rise
    spool/WORKER/000000000008.part      what is written now
"""

from __future__ import annotations

import fcntl
import logging
import math
import os
import random
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from monitoring.observations import Observation
from monitoring.settings import ProfilingSettings
from recommender.publication import sync

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
LOCK, UNFINISHED, FINISHED = "alive.lock", ".part", ".rows"
#: Ends the name of a folder until it is locked.
NEW = ".new"
_DRAW_SECONDS = 1.0
_CLOSE_SECONDS = 5.0
#: Lists that wait, for each that is drawn of a second; and how many may wait at least.
_DRAWN_FROM, _FEWEST_LISTS = 4, 200


class ShownList(NamedTuple):
    """A list as the server has it; its row is made only if it is drawn.

    Attributes:
        time: When it was shown, in seconds since 1970.
        model: Digest of the bundle that made it, or ``None``.
        user_id: To whom, or ``None``.
        items: For each place: ``movie_id`` and ``path``, among others.
        milliseconds: How long it took.
    """

    time: float
    model: str | None
    user_id: int | None
    items: Sequence[Mapping[str, Any]]
    milliseconds: float

    def row(self) -> Observation:
        """Return its row."""
        movies = [item["movie_id"] for item in self.items]
        paths = [item["path"] for item in self.items]
        taken = round(self.milliseconds, 3)
        return Observation("list", self.time, self.model, self.user_id, movies, paths, taken)


class Spool:
    """The queues and the thread of one worker; the thread starts with the first row.

    Args:
        folder: Of all spools.
        settings: Bounds.
        clock: Seconds that never go back.

    Attributes:
        counts: What became of the rows: ``written``, ``dropped`` for want of room, and
            ``left_out`` of the sample.
    """

    def __init__(
        self,
        folder: Path,
        settings: ProfilingSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._lists: deque[ShownList] = deque()
        self._most_lists = max(_DRAWN_FROM * settings.lists_per_second, _FEWEST_LISTS)
        self._others: deque[Observation] = deque()
        self._counting = threading.Lock()
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pieces: _Pieces | None = None
        self._drawn_at = clock()
        # Which rows are kept is no secret.
        self._chance = random.Random()  # noqa: S311

    def put_list(self, shown: ShownList) -> None:
        """Take a list that was shown; never waits, never raises.

        Of a busy second the first ones are kept, of which the sample is drawn: what waits would
        otherwise hold every list in memory.
        """
        if len(self._lists) >= self._most_lists:
            self._count("left_out", 1)
            return
        self._put(self._lists, shown)

    def put(self, row: Observation) -> None:
        """Take anything else."""
        self._put(self._others, row)

    def flush(self) -> None:
        """Write what waits and hand it over."""
        with self._writing:
            self._write()
            if self._pieces is not None:
                self._pieces.finish()

    def close(self) -> None:
        """Write what waits, hand it over, and stop."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        self.flush()
        if self._pieces is not None:
            self._pieces.close()

    def _put(self, queue: deque[T], row: T) -> None:
        if len(queue) >= self._settings.max_waiting:
            self._count("dropped", 1)
            return
        queue.append(row)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._counting:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(_DRAW_SECONDS):
            with self._writing:
                self._write()
                if self._pieces is not None and self._pieces.age >= self._settings.piece_seconds:
                    self._pieces.finish()

    def _write(self) -> None:
        rows = self._draw()
        if not rows:
            return
        written = 0
        try:
            if self._pieces is None:
                self._pieces = _Pieces(self._folder, self._settings.max_pieces)
            written = self._pieces.write(rows)
        except OSError as error:
            _LOG.warning("%d rows are not profiled: %s", len(rows), error)
        self._count("written", written)
        self._count("dropped", len(rows) - written)

    def _draw(self) -> list[Observation]:
        """Empty the queues and return what is to be profiled of them."""
        now = self._clock()
        seconds, self._drawn_at = max(now - self._drawn_at, _DRAW_SECONDS), now
        lists = self._sample(_emptied(self._lists), self._settings.lists_per_second * seconds)
        rows = [shown.row() for shown in lists]
        return rows + self._sample(
            _emptied(self._others), self._settings.events_per_second * seconds
        )

    def _sample(self, found: list[T], most: float) -> list[T]:
        keep = math.ceil(most)
        if len(found) <= keep:
            return found
        self._count("left_out", len(found) - keep)
        return [found[place] for place in sorted(self._chance.sample(range(len(found)), keep))]

    def _count(self, what: str, rows: int) -> None:
        with self._counting:
            self.counts[what] += rows


class _Pieces:
    """The files of one worker."""

    def __init__(self, spools: Path, max_pieces: int) -> None:
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        begun = spools / f"{name}{NEW}"
        begun.mkdir(parents=True)
        self._lock = (begun / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._folder = begun.rename(spools / name)
        self._max_pieces = max_pieces
        self._number = 1
        self._since = 0.0
        self._stream: IO[str] | None = None

    @property
    def age(self) -> float:
        """Seconds since the unfinished piece was begun; 0 without one."""
        return 0.0 if self._stream is None else time.monotonic() - self._since

    def write(self, rows: Sequence[Observation]) -> int:
        """Append rows to the unfinished piece and return how many there was room for."""
        if self._stream is None:
            if sum(1 for _ in self._folder.glob(f"*{FINISHED}")) >= self._max_pieces:
                return 0
            self._stream = self._file(UNFINISHED).open("w", encoding="utf-8")
            self._since = time.monotonic()
        self._stream.write("".join(map(Observation.to_line, rows)))
        self._stream.flush()
        return len(rows)

    def finish(self) -> None:
        """Hand the unfinished piece over, whole."""
        if self._stream is None:
            return
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._stream = None
        self._file(UNFINISHED).rename(self._file(FINISHED))
        self._number += 1
        sync(self._folder)

    def close(self) -> None:
        """Let go of the folder."""
        self._lock.close()

    def _file(self, ending: str) -> Path:
        return self._folder / f"{self._number:012d}{ending}"


def _emptied(queue: deque[T]) -> list[T]:
    return [queue.popleft() for _ in range(len(queue))]
