"""Served lists that are too old are removed, wherever they are stored."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from events import retention
from events.retention import Retention, prune
from events.store import EventStore
from tests.events.conftest import NOON, MakeStore, make_event, make_served


@pytest.fixture
def filled(store: EventStore, monkeypatch: pytest.MonkeyPatch) -> EventStore:
    """Holds ten lists, one of each day before `NOON`, and removes three at a time."""
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    lists = [
        replace(make_served(str(days)), served_at=NOON - timedelta(days=days)) for days in range(10)
    ]
    store.record_served(lists)
    store.append([make_event("1")])
    return store


def left(store: EventStore) -> set[str]:
    return {shown.recommendation_id for shown in store.user(1).served}


def test_what_is_older_is_removed_and_counted(filled: EventStore) -> None:
    own = Retention(filled, 2, clock=lambda: NOON)
    own.look()
    own.look()
    assert left(filled) == {"0", "1", "2"}
    assert (own.removed, own.failures) == (7, 0)
    assert [event.event_id for event in filled.user(1).events] == ["1"]


def test_each_list_is_counted_by_one_of_many(filled: EventStore, make_store: MakeStore) -> None:
    several = [Retention(make_store(), 1, clock=lambda: NOON) for _ in range(4)]
    threads = [threading.Thread(target=own.look) for own in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(own.removed for own in several) == 8
    assert left(filled) == {"0", "1"}


def test_others_come_between(filled: EventStore) -> None:
    """Between two transactions someone stores, and then it is told to stop."""
    counts: list[int] = []

    def pause(_seconds: float) -> bool:
        filled.append([make_event(f"between {len(counts)}")])
        counts.append(len(left(filled)))
        return len(counts) == 2

    assert prune(filled, NOON, pause=pause) == 6
    assert counts == [7, 4]
    assert prune(filled, NOON) == 3
    assert left(filled) == {"0"}


def test_it_runs_by_itself_until_it_is_closed(
    filled: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_FIRST_SECONDS", 0.0)
    looked = threading.Event()
    own = Retention(filled, 1, clock=lambda: NOON)
    look = own.look
    monkeypatch.setattr(own, "look", lambda: (look(), looked.set()))
    own.start()
    assert looked.wait(60)
    own.close()
    assert (own.removed, left(filled)) == (8, {"0", "1"})


def test_all_are_kept_where_that_is_wanted(
    filled: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_FIRST_SECONDS", 0.0)
    own = Retention(filled, 0)
    own.start()
    own.close()
    assert own.removed == 0
    assert len(left(filled)) == 10


def test_a_store_that_does_not_answer_is_counted(filled: EventStore, make_store: MakeStore) -> None:
    own = Retention(make_store(lock_seconds=0.1), 1, clock=lambda: NOON)
    with filled.database.write():
        own.look()
    assert (own.removed, own.failures) == (0, 1)
    own.look()
    assert (own.removed, own.failures) == (8, 1)
