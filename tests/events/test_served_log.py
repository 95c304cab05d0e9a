from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

import events.served_log
from events.records import ServedList
from events.served_log import ServedLog
from events.store import EventStore, StoreUnavailable
from tests.events.conftest import make_event, make_served, sqlite_url

WAIT = 30.0


class FaultyStore(EventStore):
    """A store that fails as long as it is told to."""

    fault: Exception | None = None
    bad: str | None = None

    def record_served(self, lists: Sequence[ServedList]) -> None:
        if self.fault is not None:
            raise self.fault
        if any(item.recommendation_id == self.bad for item in lists):
            raise ValueError("bad")
        super().record_served(lists)


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaultyStore:
    monkeypatch.setattr(events.served_log, "_RETRY_SECONDS", 0.01)
    return FaultyStore(sqlite_url(tmp_path))


def test_lists_are_written_in_the_background(sqlite: EventStore) -> None:
    log = ServedLog(sqlite)
    lists = [make_served(str(n)) for n in range(1200)]
    for shown in lists:
        log.put(shown)
    assert log.served("1199") == lists[-1]
    assert log.flush(timeout_seconds=WAIT)
    assert (log.waiting, log.dropped) == (0, 0)
    assert sqlite.served("1199") == lists[-1]
    assert len(sqlite.user(1).served) == 1200
    assert log.served("0") == lists[0]
    assert log.served("none") is None
    log.put(make_served("later"))
    log.close()
    assert sqlite.served("later") is not None


def test_nothing_is_lost_while_the_store_is_unavailable(faulty: FaultyStore) -> None:
    faulty.fault = StoreUnavailable("is locked", place="here")
    log = ServedLog(faulty)
    log.put(make_served("a"))
    assert not log.flush(timeout_seconds=0.1)
    assert log.served("a") == make_served("a")
    faulty.fault = None
    assert log.flush(timeout_seconds=WAIT)
    assert faulty.served("a") is not None
    assert log.dropped == 0
    log.close()


def test_what_finds_no_room_is_counted(
    faulty: FaultyStore, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.fault = StoreUnavailable("is locked", place="here")
    log = ServedLog(faulty, max_waiting=2)
    with caplog.at_level(logging.WARNING):
        for n in range(5):
            log.put(make_served(str(n)))
    assert (log.waiting, log.dropped) == (2, 3)
    assert "dropped" in caplog.text
    log.close(timeout_seconds=0.05)
    assert (log.waiting, log.dropped) == (0, 5)
    log.put(make_served("after"))
    assert log.dropped == 6


def test_one_bad_list_does_not_take_others_with_it(faulty: FaultyStore) -> None:
    faulty.bad = "1"
    log = ServedLog(faulty)
    for n in range(4):
        log.put(make_served(str(n)))
    assert log.flush(timeout_seconds=WAIT)
    assert log.dropped == 1
    assert {shown.recommendation_id for shown in faulty.user(1).served} == {"0", "2", "3"}
    log.close()


def test_an_erased_user_is_not_logged_again(sqlite: EventStore) -> None:
    sqlite.append([make_event("1")])
    log = ServedLog(sqlite)
    log.put(make_served("a", watermark=sqlite.watermark(1)))
    sqlite.erase(1)
    assert log.flush(timeout_seconds=WAIT)
    log.put(make_served("b", watermark=0))
    assert log.flush(timeout_seconds=WAIT)
    assert sqlite.user(1).served == ()
    log.close()


def test_a_forked_child_writes_its_own(sqlite: EventStore) -> None:
    log = ServedLog(sqlite)
    log.put(make_served("parent"))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            log.put(make_served("child"))
            code = 0 if log.flush(timeout_seconds=WAIT) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.close()
    assert {shown.recommendation_id for shown in sqlite.user(1).served} == {"parent", "child"}


def test_many_threads_lose_nothing(sqlite: EventStore) -> None:
    log = ServedLog(sqlite)

    def put(thread: int) -> None:
        for n in range(50):
            log.put(make_served(f"{thread}-{n}", user_id=None))

    threads = [threading.Thread(target=put, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close(timeout_seconds=WAIT)
    assert log.dropped == 0
    assert all(sqlite.served(f"{t}-{n}") for t in range(8) for n in (0, 49))
