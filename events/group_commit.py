"""Group commit: requests that arrive together share one transaction, and one sync of the disk."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from events.errors import Overloaded, StoreUnavailable
from events.per_process import PerProcess
from events.records import Appended
from events.schema import Event
from events.store import EventStore
from recommender.errors import RouletteError


@dataclass(frozen=True)
class GroupLimits:
    """How requests are grouped.

    Attributes:
        max_group: Most events that one transaction commits; a larger request goes alone.
        max_wait_ms: Longest wait for as many requests as the last transaction had.
        max_waiting: Events waiting to be committed from which a request is refused.
    """

    max_group: int = 2000
    max_wait_ms: float = 2.0
    max_waiting: int = 20_000


class GroupCommit:
    """Stores the events of many threads together; each waits until its own are durable.

    One thread of each process writes. It starts with the first request, so that a process may
    fork before. While it commits, the next group gathers by itself.

    Args:
        store: Where the events go.
        limits: How they are grouped.
    """

    def __init__(self, store: EventStore, limits: GroupLimits | None = None) -> None:
        chosen = limits or GroupLimits()
        self._writer = PerProcess(lambda: _Writer(store, chosen))

    def submit(self, batch: Sequence[Event]) -> Appended:
        """Store the events of one request; they are durable on return.

        Raises:
            Overloaded: Too many events wait already; nothing of the request was stored.
            StoreUnavailable: The store is locked, full, out of reach or closing; what was stored
                all the same is recognised by its ids when the request is sent again.
        """
        return self._writer.get().submit(batch)

    @property
    def waiting(self) -> int:
        """Events of this process that wait to be durable."""
        return self._writer.get().waiting

    def close(self) -> None:
        """Store what waits, and take no more."""
        self._writer.get().close()


@dataclass(frozen=True)
class _Request:
    batch: Sequence[Event]
    answer: Future[Appended] = field(default_factory=Future)


class _Writer:
    """The queue and the thread of one process."""

    def __init__(self, store: EventStore, limits: GroupLimits) -> None:
        self._store = store
        self._limits = limits
        self._changed = threading.Condition()
        self._queue: deque[_Request] = deque()
        self._last_group = 1
        self._closing = False
        self._thread: threading.Thread | None = None
        self.waiting = 0

    def submit(self, batch: Sequence[Event]) -> Appended:
        request = _Request(batch)
        with self._changed:
            self._admit(len(batch))
            self._queue.append(request)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return request.answer.result()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _admit(self, n_events: int) -> None:
        place = self._store.database.place
        if self._closing:
            raise StoreUnavailable("this process is stopping", place=place)
        if self.waiting and self.waiting + n_events > self._limits.max_waiting:
            raise Overloaded("too many events wait to be stored", place=place)
        self.waiting += n_events

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)
            with self._changed:
                self.waiting -= _size(group)

    def _next_group(self) -> list[_Request]:
        """Return the requests of the next transaction, none when all is done and none may come."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if self._last_group > 1 and not self._closing:
                self._changed.wait_for(self._gathered, timeout=self._limits.max_wait_ms / 1000)
            group: list[_Request] = []
            room = self._limits.max_group
            while self._queue and (not group or len(self._queue[0].batch) <= room):
                group.append(self._queue.popleft())
                room -= len(group[-1].batch)
            self._last_group = len(group)
            return group

    def _gathered(self) -> bool:
        enough = len(self._queue) >= self._last_group
        return enough or self._closing or _size(self._queue) >= self._limits.max_group

    def _commit(self, group: Sequence[_Request]) -> None:
        try:
            answers = self._store.append_groups([request.batch for request in group])
        except RouletteError as error:
            # The store's fault, so each alone would meet it too.
            for request in group:
                request.answer.set_exception(error)
        except Exception as error:  # noqa: BLE001 - whoever submitted gets it
            self._commit_alone(group, error)
        else:
            for request, answer in zip(group, answers, strict=True):
                request.answer.set_result(answer)

    def _commit_alone(self, group: Sequence[_Request], error: Exception) -> None:
        """Give the error to the one request that has it, so that no other fails with it."""
        if len(group) == 1:
            group[0].answer.set_exception(error)
            return
        for request in group:
            self._commit([request])


def _size(requests: Sequence[_Request] | deque[_Request]) -> int:
    return sum(len(request.batch) for request in requests)
