"""Watermarks of users, asked for with every list and read anew only when they may have changed."""

from __future__ import annotations

import time
from collections.abc import Callable

from events.marks import ChangeMarks, Mark

_MOST_USERS = 20_000
#: What is changed past this code, say in a shell of the database, counts after this time.
_TRUSTED_SECONDS = 10.0


class Watermarks:
    """The watermarks of one process; threads share them.

    Args:
        read: Reads the watermark of a user.
        marks: Returns the marks of changes, or ``None`` where every watermark is to be read.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        read: Callable[[int], int],
        marks: Callable[[], ChangeMarks | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._marks = marks
        self._clock = clock
        self._known: dict[int, tuple[Mark, float, int]] = {}

    def of(self, user_id: int) -> int:
        """Return the watermark of a user as of now.

        Raises:
            StoreUnavailable: It must be read and cannot be.
            StoreOutdatedError: The store is absent or has other tables than this code's.
        """
        marks = self._marks()
        if marks is None:
            return self._read(user_id)
        mark, now = marks.of(user_id), self._clock()
        known = self._known.get(user_id)
        if known is not None and known[0] == mark and now < known[1]:
            return known[2]
        # What changes from here on has another mark than the one that is noted.
        watermark = self._read(user_id)
        if len(self._known) >= _MOST_USERS:
            self._known.clear()
        self._known[user_id] = (mark, now + _TRUSTED_SECONDS, watermark)
        return watermark
