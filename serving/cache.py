"""Lists made before: the least recently used go first, and none is kept for long."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

#: What the mapping itself takes for an entry: key, time, place in the order.
_ENTRY_BYTES = 1000


class ListCache:
    """A bounded mapping whose entries expire; threads share it, processes do not.

    Nothing is ever invalidated: a key holds everything that its value is made from (the bundle's
    digest, the user's watermark, the request), so that a changed input has another key.

    Args:
        max_bytes: What the entries may take together; 0 keeps none.
        ttl_seconds: Time after which an entry is not returned any more.
        clock: Seconds that never go back.

    Attributes:
        hits: Times that an entry was found.
        misses: Times that none was.
    """

    def __init__(
        self,
        max_bytes: int = 32_000_000,
        ttl_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._entries: OrderedDict[Hashable, tuple[float, Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Return the number of entries, expired ones included."""
        return len(self._entries)

    def get(self, key: Hashable) -> Any | None:
        """Return the value of ``key``, or ``None`` where there is none or it has expired."""
        found = self.find(key)
        if found is None:
            with self._lock:
                self.misses += 1
        return found

    def find(self, key: Hashable) -> Any | None:
        """Return what `get` does, for someone who leaves it to `get` to miss it."""
        with self._lock:
            found = self._entries.get(key)
            if found is None or found[0] <= self._clock():
                return None
            self._entries.move_to_end(key)
            self.hits += 1
            return found[1]

    def put(self, key: Hashable, value: Any, n_bytes: int) -> None:
        """Keep ``value``, of about ``n_bytes`` and not to be changed any more, under ``key``."""
        taken = n_bytes + _ENTRY_BYTES
        if taken > self._max_bytes:
            return
        with self._lock:
            before = self._entries.pop(key, None)
            self._n_bytes += taken - (before[2] if before else 0)
            self._entries[key] = (self._clock() + self._ttl_seconds, value, taken)
            while self._n_bytes > self._max_bytes:
                self._n_bytes -= self._entries.popitem(last=False)[1][2]

    def clear(self) -> None:
        """Forget every entry, as after an erasure."""
        with self._lock:
            self._entries.clear()
            self._n_bytes = 0
