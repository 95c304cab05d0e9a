"""Ids that nobody can guess, made many at a time: each call of the system costs more than an id."""

from __future__ import annotations

import os
import time
from collections import deque

_BYTES = 16
_AT_ONCE = 256
_TIME_DIGITS = 8
#: Appending and popping are atomic, so threads share it without a lock.
_ready: deque[str] = deque()
# A child must not give out what its parent has.
os.register_at_fork(after_in_child=_ready.clear)


def new_id() -> str:
    """Return 128 random bits as 32 hexadecimal digits."""
    try:
        return _ready.popleft()
    except IndexError:
        text = os.urandom(_BYTES * _AT_ONCE).hex()
        width = 2 * _BYTES
        _ready.extend(text[start : start + width] for start in range(width, len(text), width))
        return text[:width]


def new_list_id() -> str:
    """Return the time in seconds and 96 random bits, as 32 hexadecimal digits.

    Ids that rise stand together in the index of what is stored under them, so that to store a
    thousand lists changes a few of its pages rather than a thousand.
    """
    return f"{int(time.time()):08x}{new_id()[_TIME_DIGITS:]}"
