"""Whether a user's history changed, without asking the database: a mark for each user.

Beside a SQLite store lies a file of marks, which every process maps into its memory. Whoever has
stored something of a user writes a new mark before it is acknowledged, so what was read under a
mark still holds for as long as the mark stands. Users share marks (one in `_N_MARKS`), which costs
a question too many now and then, and never an answer that is old.

A mark is a number that nobody has written before: were it counted up, two processes could write
the same one, and what was read between them would seem to be new.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Self

_N_MARKS = 16_384
_BYTES = 8
_SIZE = _BYTES * (_N_MARKS + 1)
#: Stands after the others, and is every user's.
_OF_ALL = _N_MARKS

Mark = tuple[int, int]


class ChangeMarks:
    """The marks of one store, shared by all processes that use it.

    Args:
        shared: The file's memory.
    """

    def __init__(self, shared: mmap.mmap) -> None:
        self._marks = memoryview(shared).cast("q")

    @classmethod
    def open(cls, file: Path) -> Self:
        """Return the marks of a file, which is made where there is none.

        Raises:
            OSError: It cannot be made or opened.
        """
        if not file.exists():
            _make(file)
        with file.open("r+b") as opened:
            return cls(mmap.mmap(opened.fileno(), _SIZE))

    def of(self, user_id: int) -> Mark:
        """Return a user's mark; to be read before what it stands for."""
        return self._marks[user_id % _N_MARKS], self._marks[_OF_ALL]

    def change(self, users: Iterable[int] | None) -> None:
        """Give users new marks, or all of them; to be done after the change is stored."""
        new = int.from_bytes(os.urandom(_BYTES)) >> 1
        if users is None:
            self._marks[_OF_ALL] = new
            return
        for user_id in users:
            self._marks[user_id % _N_MARKS] = new


def _make(file: Path) -> None:
    """Make a file of empty marks, whole, unless another process was faster."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.") as work:
        # Written, not only lengthened: a full disk must show here, not when a mark is set.
        work.write(bytes(_SIZE))
        work.flush()
        try:
            os.link(work.name, file)
        except FileExistsError:
            return
