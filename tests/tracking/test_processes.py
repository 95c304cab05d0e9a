from __future__ import annotations

import getpass
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tracking import processes
from tracking.processes import ProcessMark, this_process, this_user


def test_this_process_lives_and_survives_its_tags() -> None:
    mark = this_process()
    assert mark.pid == os.getpid()
    assert ProcessMark.from_tags(mark.to_tags()) == mark
    assert not mark.is_dead()


def test_tags_of_something_else_are_no_mark() -> None:
    assert ProcessMark.from_tags({"a": "b"}) is None
    assert ProcessMark.from_tags({**this_process().to_tags(), "roulette.process.pid": "x"}) is None


def test_an_ended_process_is_dead_also_before_its_parent_asks() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = processes._start_time(child.pid)
    assert started is not None
    mark = ProcessMark(processes.this_host(), child.pid, started)
    assert not mark.is_dead()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert mark.is_dead()
    child.wait()
    assert mark.is_dead()
    child.stdin.close()  # type: ignore[union-attr]  # a pipe was asked for


def test_another_process_of_the_same_id_is_not_it() -> None:
    assert replace(this_process(), started="at another time").is_dead()


def test_of_another_host_nothing_is_certain() -> None:
    assert not ProcessMark("elsewhere", 1, "whenever").is_dead()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="has nothing but ps anyway")
def test_ps_serves_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert not this_process().is_dead()
    assert replace(this_process(), pid=2**22 - 1).is_dead()


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert this_user() == f"uid {os.getuid()}"
