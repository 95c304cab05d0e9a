"""What every event store keeps to, in SQLite and in PostgreSQL."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from events.records import Appended, UserHistory
from events.schema import LARGEST_ID, PASSING, EventKind
from events.store import EventStore
from tests.events.conftest import NOON, MakeStore, make_event, make_served

HOUR = timedelta(hours=1)


def test_events_come_back_as_they_were_stored(store: EventStore) -> None:
    batch = [
        make_event("ä-1", "rating", value=4.5, recommendation_id="r-1", position=3),
        make_event("2", "watch", value=91.25, movie_id=LARGEST_ID),
        make_event("3", "click", occurred_at=NOON.astimezone(timezone(-7 * HOUR))),
        make_event("4", "impression", occurred_at=NOON.replace(microsecond=1)),
    ]
    assert store.append(batch) == Appended(accepted=4, duplicates=0)
    found = store.user(1).events
    assert found == tuple(batch)
    assert all(event.occurred_at.tzinfo is UTC for event in found)


def test_nothing_is_stored_of_an_empty_batch(store: EventStore) -> None:
    assert store.append([]) == Appended(0, 0)
    assert store.append_groups([[], [make_event("1")], []])[0] == Appended(0, 0)


def test_an_id_is_stored_once(store: EventStore) -> None:
    store.append([make_event("1"), make_event("2")])
    again = store.append([make_event("2"), make_event("3"), make_event("1", value=1.0)])
    assert again == Appended(accepted=1, duplicates=1, conflicts=("1",))
    assert [event.event_id for event in store.user(1).events] == ["1", "2", "3"]
    assert store.user(1).events[0].value == 4.0


def test_within_one_transaction_the_first_of_an_id_is_stored(store: EventStore) -> None:
    same = make_event("1")
    answers = store.append_groups([[same, same], [make_event("1", value=2.0), make_event("2")]])
    assert answers == [Appended(1, 1), Appended(1, 0, ("1",))]


def test_of_many_rows_each_counts_once(store: EventStore) -> None:
    """More than one statement takes, with ids that were stored before at its edges."""
    before = [make_event(str(number), movie_id=number) for number in (0, 63, 64, 84)]
    store.append(before)
    many = [make_event(str(number), movie_id=number) for number in range(85)]
    assert store.append([*many, *many]) == Appended(81, 89)
    stored = store.user(1).events
    assert sorted(event.movie_id for event in stored) == list(range(85))
    assert stored[:4] == tuple(before)
    store.append([make_event("85")])
    assert store.user(1).events[-1].event_id == "85"
    lists = [make_served(str(number)) for number in range(85)]
    store.record_served(lists[:2])
    store.record_served(lists)
    assert len(store.user(1).served) == 85


def test_an_id_belongs_to_one_user(store: EventStore) -> None:
    store.append([make_event("1", user_id=1)])
    assert store.append([make_event("1", user_id=2)]).conflicts == ("1",)
    assert store.user(2).events == ()


def test_ten_thousand_replays_change_nothing(store: EventStore) -> None:
    store.append([make_event("1")])
    batch = [make_event("1")] * 1000
    total = sum(store.append(batch).duplicates for _ in range(9))
    for _ in range(50):
        total += store.append_groups([[make_event("1")]] * 20)[7].duplicates * 20
    assert total == 10_000
    assert len(store.user(1).events) == 1
    assert store.watermark(1) == 1


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in PASSING])
def test_the_watermark_rises_with_what_counts(store: EventStore, kind: EventKind) -> None:
    store.append([make_event("0")])
    before = store.watermark(1)
    store.append([make_event("1", kind)])
    assert store.watermark(1) > before == store.history(1, up_to=before).watermark


@pytest.mark.parametrize("kind", ["impression", "click"])
def test_the_watermark_stays_where_nothing_counts(store: EventStore, kind: str) -> None:
    assert store.watermark(1) == 0
    store.append([make_event("0"), make_event("1", kind), make_event("2", user_id=2)])
    assert store.watermark(1) == 1
    assert store.history(1).watermark == 1


def test_a_history_is_seen_by_every_store_at_once(make_store: MakeStore) -> None:
    one, other = make_store(), make_store()
    for number in range(1, 6):
        writer, reader = (one, other) if number % 2 else (other, one)
        writer.append([make_event(str(number), movie_id=number)])
        assert reader.watermark(1) == writer.watermark(1) == number
        assert reader.history(1).movie_ids[-1] == number


def test_a_history_is_as_it_was_at_a_watermark(store: EventStore) -> None:
    store.append([make_event("1", movie_id=10, value=2.0)])
    store.append([make_event("2", "like", movie_id=11)])
    then = store.history(1)
    store.append([make_event("3", movie_id=10, value=5.0), make_event("4", "unlike", movie_id=11)])
    assert store.history(1, up_to=then.watermark) == then
    assert store.history(1, up_to=0) == UserHistory(1, 0)
    assert store.history(1) == UserHistory(1, 4, (10,), (5.0,), (10,))


def test_order_does_not_depend_on_any_clock(make_store: MakeStore) -> None:
    times = iter([NOON, NOON - 24 * HOUR, datetime(1970, 1, 1, tzinfo=UTC)])
    store = make_store(clock=lambda: next(times))
    for number, years in enumerate((0, -20, 500), start=1):
        occurred_at = NOON.replace(year=NOON.year + years)
        store.append([make_event(str(number), value=float(number), occurred_at=occurred_at)])
    assert [event.event_id for event in store.user(1).events] == ["1", "2", "3"]
    assert store.history(1).ratings == (3.0,)


def test_served_lists_come_back_as_they_were(store: EventStore) -> None:
    known, anonymous = make_served("a", watermark=7), make_served("b", user_id=None)
    store.record_served([known, anonymous])
    store.record_served([known])
    store.record_served([])
    assert store.served("a") == known
    assert store.served("b") == anonymous
    assert store.served("c") is None
    assert store.user(1).served == (known,)


def test_an_erased_user_leaves_nothing_but_the_wish(make_store: MakeStore) -> None:
    store = make_store(clock=lambda: NOON)
    store.append([make_event("1"), make_event("2", "click"), make_event("3", user_id=2)])
    store.record_served([make_served("a", watermark=1)])
    before = store.watermark(1)
    erased = store.erase(1)
    assert (erased.events, erased.served, erased.erased_at) == (2, 1, NOON)
    assert store.watermark(1) > before
    assert store.history(1) == UserHistory(1, store.watermark(1), erased=True)
    record = store.user(1)
    assert (record.events, record.served, record.erased_at) == ((), (), NOON)
    assert store.erased_users() == (1,)
    assert len(store.user(2).events) == 1


def test_a_user_may_begin_anew(store: EventStore) -> None:
    store.append([make_event("1")])
    store.erase(1)
    store.append([make_event("2", movie_id=11)])
    found = store.history(1)
    assert (found.movie_ids, found.erased) == ((11,), True)
    assert store.erase(1).events == 1
    assert store.erased_users() == (1,)


def test_a_list_made_before_the_erasure_is_not_kept(store: EventStore) -> None:
    store.append([make_event("1")])
    late = make_served("late", watermark=store.watermark(1))
    store.erase(1)
    after = make_served("after", watermark=store.watermark(1))
    store.record_served([late, after])
    assert store.served("late") is None
    assert store.served("after") == after


def test_an_unknown_user_has_nothing(store: EventStore) -> None:
    assert store.history(-5) == UserHistory(-5, 0)
    assert store.user(-5).events == ()
    assert store.erase(-5).events == 0


def test_numbers_rise_in_the_order_of_commits(make_store: MakeStore) -> None:
    """Whoever has read up to a watermark misses nothing below it, though four write at once."""
    problems: list[str] = []
    done = threading.Event()

    def write(writer: int) -> None:
        store = make_store(lock_seconds=30)
        for n in range(25):
            store.append([make_event(f"{writer}-{n}", movie_id=writer * 100 + n)])

    def read() -> None:
        store = make_store(lock_seconds=30)
        seen: tuple[int, ...] = ()
        while not done.is_set():
            movies = store.history(1).movie_ids
            if movies[: len(seen)] != seen:
                problems.append(f"{seen} became {movies}")
            seen = movies

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert problems == []
    assert len(make_store().history(1).movie_ids) == 100


def test_a_forked_child_has_connections_of_its_own(store: EventStore) -> None:
    store.append([make_event("parent")])
    child = os.fork()
    if child == 0:
        # Nothing of pytest's may run here.
        code = 1
        try:
            store.append([make_event("child", movie_id=11)])
            code = 0 if store.history(1).movie_ids == (10, 11) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.append([make_event("parent again", movie_id=12)])
    assert store.history(1).movie_ids == (10, 11, 12)


def test_a_closed_store_opens_again(store: EventStore) -> None:
    store.check()
    store.close()
    store.close()
    assert store.append([make_event("1")]).accepted == 1
