from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from events.errors import Overloaded
from events.group_commit import GroupCommit, GroupLimits
from events.records import Appended
from events.schema import Event
from events.store import EventStore, StoreUnavailable
from tests.events.conftest import make_event, sqlite_url

WAIT = 30.0


class HeldStore(EventStore):
    """A store that commits only when it is let, and remembers what it was asked to."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.groups: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.fault: Callable[[Sequence[Sequence[Event]]], None] = lambda _: None

    def append_groups(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        self.groups.append([len(group) for group in groups])
        self.begun.release()
        assert self.let.acquire(timeout=WAIT)
        self.fault(groups)
        return super().append_groups(groups)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldStore]:
    store = HeldStore(sqlite_url(tmp_path))
    yield store
    store.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def submit_behind(
    held: HeldStore,
    commits: GroupCommit,
    threads: ThreadPoolExecutor,
    batches: Sequence[Sequence[Event]],
) -> tuple[Future[Appended], list[Future[Appended]]]:
    """Submit one event, and the batches in this order while it is being committed."""
    first = threads.submit(commits.submit, [make_event("first")])
    assert held.begun.acquire(timeout=WAIT)
    rest = []
    for batch in batches:
        before = commits.waiting
        rest.append(threads.submit(commits.submit, batch))
        while commits.waiting == before and batch:
            pass
    return first, rest


def test_what_waits_is_committed_together(held: HeldStore, threads: ThreadPoolExecutor) -> None:
    commits = GroupCommit(held)
    batches = [[make_event("a")], [make_event("b"), make_event("first")], [make_event("a")]]
    first, rest = submit_behind(held, commits, threads, batches)
    held.let.release(9)
    assert first.result() == Appended(1, 0)
    assert [done.result() for done in rest] == [Appended(1, 0), Appended(1, 1), Appended(0, 1)]
    assert held.groups == [[1], [1, 2, 1]]
    assert len(held.user(1).events) == 3
    commits.close()


def test_a_group_has_a_most(held: HeldStore, threads: ThreadPoolExecutor) -> None:
    commits = GroupCommit(held, GroupLimits(max_group=3))
    sizes = [2, 1, 1, 5, 1]
    batches = [[make_event(f"{n}-{i}") for i in range(size)] for n, size in enumerate(sizes)]
    _, rest = submit_behind(held, commits, threads, batches)
    held.let.release(9)
    assert [done.result().accepted for done in rest] == sizes
    assert held.groups == [[1], [2, 1], [1], [5], [1]]
    commits.close()


def test_too_many_waiting_are_refused(held: HeldStore, threads: ThreadPoolExecutor) -> None:
    commits = GroupCommit(held, GroupLimits(max_waiting=4))
    first, rest = submit_behind(held, commits, threads, [[make_event("a"), make_event("b")]])
    with pytest.raises(Overloaded) as caught:
        commits.submit([make_event("c"), make_event("d")])
    assert caught.value.retry_after_seconds >= 1
    held.let.release(9)
    assert first.result().accepted + rest[0].result().accepted == 3
    assert len(held.user(1).events) == 3
    assert commits.submit([make_event(str(n)) for n in range(9)]).accepted == 9
    assert commits.waiting == 0
    commits.close()


def test_an_unavailable_store_fails_all_and_recovers(
    held: HeldStore, threads: ThreadPoolExecutor
) -> None:
    def full(_: object) -> None:
        raise StoreUnavailable("has no room left", place="here")

    commits = GroupCommit(held)
    held.fault = full
    first, rest = submit_behind(held, commits, threads, [[make_event("a")], [make_event("b")]])
    held.let.release(9)
    for done in (first, *rest):
        with pytest.raises(StoreUnavailable):
            done.result()
    assert held.groups == [[1], [1, 1]]
    held.fault = lambda _: None
    assert commits.submit([make_event("a")]).accepted == 1
    assert commits.waiting == 0
    commits.close()


def test_one_bad_request_fails_alone(held: HeldStore, threads: ThreadPoolExecutor) -> None:
    def dislike(groups: Sequence[Sequence[Event]]) -> None:
        if any(event.event_id == "bad" for group in groups for event in group):
            raise ValueError("bad")

    commits = GroupCommit(held)
    held.fault = dislike
    batches = [[make_event("a")], [make_event("bad"), make_event("b")], [make_event("c")]]
    _, rest = submit_behind(held, commits, threads, batches)
    held.let.release(9)
    assert rest[0].result().accepted == rest[2].result().accepted == 1
    with pytest.raises(ValueError, match="bad"):
        rest[1].result()
    assert {event.event_id for event in held.user(1).events} == {"first", "a", "c"}
    commits.close()


def test_closing_stores_what_waits_and_takes_no_more(
    held: HeldStore, threads: ThreadPoolExecutor
) -> None:
    commits = GroupCommit(held)
    first, rest = submit_behind(held, commits, threads, [[make_event("a")], [make_event("b")]])
    closing = threads.submit(commits.close)
    held.let.release(9)
    closing.result()
    assert all(done.result().accepted == 1 for done in (first, *rest))
    with pytest.raises(StoreUnavailable, match="stopping"):
        commits.submit([make_event("c")])


def test_closing_what_never_began_is_nothing(sqlite: EventStore) -> None:
    GroupCommit(sqlite).close()


def test_many_threads_store_each_event_once(sqlite: EventStore) -> None:
    commits = GroupCommit(sqlite, GroupLimits(max_group=20))
    with ThreadPoolExecutor(16) as pool:
        asked = [[make_event(f"{n // 2}", movie_id=n // 2)] for n in range(400)]
        answers = list(pool.map(commits.submit, asked))
    commits.close()
    assert sum(answer.accepted for answer in answers) == 200
    assert sum(answer.duplicates for answer in answers) == 200
    assert sqlite.watermark(1) >= 200
    assert len(sqlite.user(1).events) == 200


def test_a_forked_child_has_a_writer_of_its_own(sqlite: EventStore) -> None:
    commits = GroupCommit(sqlite)
    commits.submit([make_event("parent")])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            commits.submit([make_event("child")])
            commits.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert commits.submit([make_event("parent again")]).accepted == 1
    commits.close()
    assert len(sqlite.user(1).events) == 3
