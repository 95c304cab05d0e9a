"""What must not cross a fork, connections and threads, made anew in each process."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """One object for each process, made when first asked for; threads share it.

    Args:
        make: Makes it.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None
        self._lock = threading.Lock()
        # A parent's object is neither used nor closed in its child, only kept from destruction.
        self._inherited: list[T | None] = []
        _forget_after_fork(weakref.WeakMethod(self._forget))

    def get(self) -> T:
        """Return this process's object."""
        made = self._made
        if made is not None:
            return made
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def take(self) -> T | None:
        """Return this process's object, if one was made, and forget it."""
        with self._lock:
            made, self._made = self._made, None
        return made

    def _forget(self) -> None:
        self._inherited.append(self._made)
        self._made = None
        # Another thread may have held it at the fork, and does not exist here.
        self._lock = threading.Lock()


def _forget_after_fork(forget: weakref.WeakMethod[Callable[[], None]]) -> None:
    def in_child() -> None:
        method = forget()
        if method is not None:
            method()

    os.register_at_fork(after_in_child=in_child)
