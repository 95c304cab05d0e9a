"""The log of what was shown: written in the background, in groups, and never silently lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from itertools import islice

from events.per_process import PerProcess
from events.records import ServedList
from events.store import EventStore
from recommender.errors import RouletteError

_LOG = logging.getLogger(__name__)
_MAX_GROUP = 500
#: A list waits this long for others; nobody waits for it.
_GATHER_SECONDS = 0.05
#: Between two tries while the store is unavailable.
_RETRY_SECONDS = 1.0


class ServedLog:
    """Keeps served lists without making anyone wait for the store.

    One thread of each process writes; it starts with the first list. What finds no room, or
    cannot be written, is counted in `dropped`.

    Args:
        store: Where the lists go.
        max_waiting: Most lists that wait; more are dropped.
    """

    def __init__(self, store: EventStore, *, max_waiting: int = 10_000) -> None:
        self._store = store
        self._writer = PerProcess(lambda: _Writer(store, max_waiting))

    def put(self, shown: ServedList) -> None:
        """Keep a list soon."""
        self._writer.get().put(shown)

    def served(self, recommendation_id: str) -> ServedList | None:
        """Return a list that was shown, from the store or on its way there, or ``None``.

        Raises:
            StoreUnavailable: It is not on its way, and the store does not answer.
        """
        waiting = self._writer.get().find(recommendation_id)
        return waiting or self._store.served(recommendation_id)

    @property
    def dropped(self) -> int:
        """Lists of this process that were lost."""
        return self._writer.get().dropped

    @property
    def waiting(self) -> int:
        """Lists of this process that are not written yet."""
        return self._writer.get().waiting

    def flush(self, *, timeout_seconds: float = 5.0) -> bool:
        """Wait until everything is written, and return whether it is."""
        return self._writer.get().flush(timeout_seconds)

    def close(self, *, timeout_seconds: float = 5.0) -> None:
        """Write what waits, and drop what cannot be written in time."""
        self._writer.get().close(timeout_seconds)


class _Writer:
    """The queue and the thread of one process."""

    def __init__(self, store: EventStore, max_waiting: int) -> None:
        self._store = store
        self._max_waiting = max_waiting
        # A plain lock, which takes half the time of the usual one.
        self._changed = threading.Condition(threading.Lock())
        self._waiting: dict[str, ServedList] = {}
        self._hurried = False
        self._closing = False
        self._thread: threading.Thread | None = None
        self.dropped = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def find(self, recommendation_id: str) -> ServedList | None:
        return self._waiting.get(recommendation_id)

    def put(self, shown: ServedList) -> None:
        with self._changed:
            if self._closing or len(self._waiting) >= self._max_waiting:
                self._drop(1, "there is no room for more")
                return
            self._waiting[shown.recommendation_id] = shown
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="served", daemon=True)
                self._thread.start()
            if len(self._waiting) == 1:
                self._changed.notify_all()

    def flush(self, timeout_seconds: float) -> bool:
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._waiting, timeout=timeout_seconds)

    def close(self, timeout_seconds: float) -> None:
        self.flush(timeout_seconds)
        with self._changed:
            self._closing = True
            self._drop(len(self._waiting), "the process stops")
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._store.record_served(group)
            except RouletteError as error:
                _LOG.warning("served lists wait: %s", error)
                self._pause()
            except Exception:  # noqa: BLE001 - said, and each is tried alone
                _LOG.warning("served lists cannot be written together", exc_info=True)
                self._record_alone(group)
            else:
                self._done(group)

    def _next_group(self) -> list[ServedList]:
        """Return what is to be written next, nothing when the process stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            self._changed.wait_for(self._gathered, timeout=_GATHER_SECONDS)
            return list(islice(self._waiting.values(), _MAX_GROUP))

    def _gathered(self) -> bool:
        return self._hurried or self._closing or len(self._waiting) >= _MAX_GROUP

    def _pause(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing, timeout=_RETRY_SECONDS)

    def _done(self, group: Sequence[ServedList]) -> None:
        with self._changed:
            for shown in group:
                self._waiting.pop(shown.recommendation_id, None)
            if not self._waiting:
                self._hurried = False
                self._changed.notify_all()

    def _record_alone(self, group: Sequence[ServedList]) -> None:
        for shown in group:
            try:
                self._store.record_served([shown])
            except Exception as error:  # noqa: BLE001 - counted and said
                self._drop(1, repr(error))
        self._done(group)

    def _drop(self, n_lists: int, why: str) -> None:
        if n_lists:
            self.dropped += n_lists
            _LOG.warning("%d served lists are dropped: %s", n_lists, why)
