"""Lists made before: the least recently used go first, and none is kept for long."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class ListCache:
    """A bounded mapping whose entries expire; threads share it, processes do not.

    Nothing is ever invalidated: a key holds everything that its value is made from (the bundle's
    digest, the user's watermark, the request), so that a changed input has another key.

    Args:
        max_lists: Most entries; 0 keeps none.
        ttl_seconds: Time after which an entry is not returned any more.
        clock: Seconds that never go back.

    Attributes:
        hits: Times that an entry was found.
        misses: Times that none was.
    """

    def __init__(
        self,
        max_lists: int = 20_000,
        ttl_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_lists = max_lists
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Return the number of entries, expired ones included."""
        return len(self._entries)

    def get(self, key: Hashable) -> Any | None:
        """Return the value of ``key``, or ``None`` where there is none or it has expired."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None and found[0] > self._clock():
                self._entries.move_to_end(key)
                self.hits += 1
                return found[1]
            self.misses += 1
            return None

    def put(self, key: Hashable, value: Any) -> None:
        """Keep ``value``, which must not be changed any more, under ``key``."""
        if not self._max_lists:
            return
        with self._lock:
            self._entries[key] = (self._clock() + self._ttl_seconds, value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._max_lists:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget every entry, as after an erasure."""
        with self._lock:
            self._entries.clear()
