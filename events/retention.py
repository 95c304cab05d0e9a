"""For how long served lists are kept: older ones are removed, a few at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from events.store import EventStore
from recommender.errors import RouletteError

_LOG = logging.getLogger(__name__)
#: Lists that one transaction removes; whoever stores events waits no longer than it takes.
_AT_ONCE = 200
#: After each of them others have the store for this long.
_PAUSE_SECONDS = 0.02
_FIRST_SECONDS, _SECONDS = 60.0, 3600.0


def prune(
    store: EventStore, before: datetime, *, pause: Callable[[float], object] | None = None
) -> int:
    """Remove the lists that were shown before some time, and return how many there were.

    Args:
        store: Where they are.
        before: The time.
        pause: Waits for some seconds, and returns true where no more is to be removed now.

    Raises:
        StoreUnavailable: The store is locked or out of reach; what was removed before stays so.
    """
    removed = 0
    while found := store.forget_served(before, most=_AT_ONCE):
        removed += found
        if found < _AT_ONCE or (pause is not None and pause(_PAUSE_SECONDS)):
            break
    return removed


class Retention:
    """Removes old lists in a thread: a minute after the start, and every hour.

    Every process of the server may do so at once; each list is removed, and counted, by one.

    Args:
        store: Where they are.
        keep_days: Age in days from which a list is removed; 0 keeps all.
        clock: The time.

    Attributes:
        removed: Lists that this process has removed.
        failures: Times that the store did not let it; it tries again an hour later.
    """

    def __init__(
        self,
        store: EventStore,
        keep_days: int,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._keep_days = keep_days
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.removed = 0
        self.failures = 0

    def start(self) -> None:
        """Begin; to be called in each process after it was forked."""
        if self._keep_days and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop; lists that are left are removed by whoever starts next."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Remove what is too old by now."""
        before = self._clock() - timedelta(days=self._keep_days)
        try:
            removed = prune(self._store, before, pause=self._stopping.wait)
        except RouletteError as error:
            self.failures += 1
            _LOG.warning("old served lists stay for now: %s", error)
            return
        self.removed += removed
        if removed:
            _LOG.info("%d served lists older than %d days removed", removed, self._keep_days)

    def _run(self) -> None:
        seconds = _FIRST_SECONDS
        while not self._stopping.wait(seconds):
            self.look()
            seconds = _SECONDS
