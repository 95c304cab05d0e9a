from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from serving.processes import Child, Command
from tests.serving.running import children, lives, wait_for

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_dies_at_once_is_started_again_later_and_later() -> None:
    clock = Clock()
    child = Child(Command("short", (sys.executable, "-c", "")), clock)
    child.start()
    pauses = []
    for _ in range(4):
        wait_for(lambda: child.pid is None)
        child.keep_running()
        begun, before = clock.now, child.restarts
        while child.restarts == before:
            clock.now += 0.1
            child.keep_running()
        pauses.append(clock.now - begun)
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6], abs=0.11)
    child.kill()


def test_the_whole_group_ends(tmp_path: Path) -> None:
    script = f"import subprocess, sys; subprocess.run({SLEEP!r})"
    child = Child(Command("parent", (sys.executable, "-c", script)))
    child.start()
    parent = child.pid
    assert parent is not None
    wait_for(lambda: children(parent))
    family = {parent, *children(parent)}
    child.kill()
    wait_for(lambda: not any(lives(pid) for pid in family))


def test_a_child_that_does_not_end_is_killed_at_the_deadline() -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print(flush=True); time.sleep(600)"
    )
    child = Child(Command("stubborn", (sys.executable, "-c", stubborn)))
    child.start()
    pid = child.pid
    assert pid is not None
    time.sleep(0.3)
    child.terminate()
    assert child.wait(time.monotonic() + 0.2) is False
    assert not lives(pid)


def test_a_child_gets_its_variables(tmp_path: Path) -> None:
    file = tmp_path / "found"
    write = f"import os; open({str(file)!r}, 'w').write(os.environ['ROULETTE_TEST'])"
    child = Child(
        Command("writer", (sys.executable, "-c", write), lambda: {"ROULETTE_TEST": "yes"})
    )
    child.start()
    assert child.wait(time.monotonic() + 30) is True
    assert file.read_text() == "yes"
