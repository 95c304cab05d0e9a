"""Connections spread evenly over the workers, since one that is kept alive stays where it is.

All workers wait for connections on the same socket, and the system wakes whichever it likes: of
eight connections one worker may get all, and the other cores stand idle for as long as they last.
So each worker says in shared memory how many it has, and one that has more than another leaves a
new connection alone for a moment.
"""

from __future__ import annotations

import mmap

_BYTES = 4
#: Instead of a count: there is no worker, or it takes no connections.
_FREE, _AWAY = -1, -2


class ConnectionCounts:
    """How many connections each worker has; made before the workers are forked.

    Args:
        n_workers: Workers that there may be; further ones are not counted.
    """

    def __init__(self, n_workers: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, _BYTES * n_workers)).cast("i")
        for place in range(n_workers):
            self._counts[place] = _FREE

    def join(self) -> int | None:
        """Return the place of one more worker, or ``None`` where there is none left."""
        place = next((place for place, count in enumerate(self._counts) if count == _FREE), None)
        if place is not None:
            self._counts[place] = 0
        return place

    def leave(self, place: int) -> None:
        """Forget a worker that has ended."""
        self._counts[place] = _FREE

    def is_away(self, place: int) -> None:
        """Note that a worker takes no connections now."""
        self._counts[place] = _AWAY

    def say(self, place: int, n_connections: int) -> None:
        """Note how many connections a worker has."""
        self._counts[place] = n_connections

    def has_fewest(self, n_connections: int) -> bool:
        """Return whether no worker has fewer connections than this."""
        return all(count < 0 or count >= n_connections for count in self._counts)
