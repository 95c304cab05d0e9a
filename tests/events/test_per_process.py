from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from events.per_process import PerProcess


def test_a_child_makes_its_own_and_one_that_is_gone_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_child: list[Callable[[], None]] = []
    monkeypatch.setattr(
        os, "register_at_fork", lambda *, after_in_child: in_child.append(after_in_child)
    )
    held = PerProcess(object)
    first = held.get()
    assert held.get() is first
    in_child[0]()
    assert held.get() is not first
    del held
    in_child[0]()


def test_two_threads_get_the_same() -> None:
    begun, go = threading.Event(), threading.Event()

    def make() -> object:
        begun.set()
        assert go.wait(10)
        return object()

    held = PerProcess(make)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(held.get())) for _ in range(2)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    threading.Event().wait(0.05)
    go.set()
    for thread in threads:
        thread.join()
    assert got[0] is got[1]
