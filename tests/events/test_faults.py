"""What is acknowledged stays, whatever dies, fills up or is locked; the rest is refused aloud."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from events.group_commit import GroupCommit
from events.store import EventStore, StoreUnavailable
from tests.events.conftest import MakeStore, make_event, sqlite_url
from tests.events.postgresql import PostgreSQL

THREADS = 4


def test_every_acknowledged_event_outlives_its_killed_writer(make_store: MakeStore) -> None:
    """Ten writers in a row are killed with SIGKILL under load; unsure clients send again."""
    store = make_store(lock_seconds=20)
    acknowledged: Counter[str] = Counter()
    for life in range(10):
        store.close()
        acknowledged.update(_write_and_be_killed(store, life, 0.01 * life))
    stored = Counter(event.event_id for event in store.user(1).events)
    assert len(acknowledged) >= 10 * THREADS
    assert [name for name in acknowledged if stored[name] != 1] == []
    again = store.append([make_event(name, movie_id=len(name)) for name in sorted(acknowledged)])
    assert again.accepted == 0
    assert set(stored.values()) == {1}


def _write_and_be_killed(store: EventStore, life: int, seconds: float) -> list[str]:
    """Return the ids that a writer acknowledged before it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _write_for_ever(store, life, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as acks:
        told = [acks.readline().strip() for _ in range(THREADS)]
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        told += acks.read().split("\n")
    os.waitpid(child, 0)
    return [name for name in told if name]


def _write_for_ever(store: EventStore, life: int, acks: int) -> None:
    commits = GroupCommit(store)

    def submit(thread: int) -> None:
        for number in range(1_000_000):
            name = f"{life}-{thread}-{number}"
            commits.submit([make_event(name, movie_id=len(name))])
            # Short enough for a pipe to take it whole or not at all.
            os.write(acks, f"{name}\n".encode())

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_locked_store_refuses_in_time_and_can_still_be_read(
    make_store: MakeStore, url: str
) -> None:
    store = make_store(lock_seconds=0.2)
    store.append([make_event("before")])
    with _locked(url):
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            store.append([make_event("refused")])
        assert time.monotonic() - begun < 20
        assert caught.value.retry_after_seconds >= 1
        assert store.watermark(1) == 1
        assert store.history(1).movie_ids == (10,)
        with pytest.raises(StoreUnavailable):
            store.erase(1)
    assert store.append([make_event("refused", movie_id=11)]).accepted == 1


def test_a_short_lock_is_waited_for(make_store: MakeStore, url: str) -> None:
    store = make_store(lock_seconds=30)
    store.check()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(store.append([make_event("1")])))
    with _locked(url):
        thread.start()
        time.sleep(0.3)
        assert answers == []
    thread.join()
    assert answers[0].accepted == 1


@contextlib.contextmanager
def _locked(url: str) -> Iterator[None]:
    """Hold the store's write lock, as another process would."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
        connection.close()
    else:
        with psycopg.connect(url) as other:
            other.execute("SELECT last FROM counter FOR UPDATE")
            yield
            other.rollback()


def test_a_restarted_server_is_found_again(postgresql: PostgreSQL) -> None:
    store = EventStore(postgresql.url)
    store.check()
    postgresql.stop()
    try:
        with pytest.raises(StoreUnavailable, match="PostgreSQL"):
            store.append([make_event("during")])
        with pytest.raises(StoreUnavailable, match="no connection"):
            store.watermark(1)
        with pytest.raises(StoreUnavailable):
            EventStore(postgresql.url).check()
    finally:
        postgresql.start()
    store.append([make_event("during")])
    assert store.erase(1).events >= 1
    store.close()


def test_a_lost_connection_acknowledges_nothing(postgresql: PostgreSQL) -> None:
    store = EventStore(postgresql.url)
    with pytest.raises(StoreUnavailable):
        _count_and_be_cut_off(store, postgresql.url)
    assert store.append([make_event("after", user_id=77)]).accepted == 1
    assert store.watermark(77) < 1000
    store.erase(77)
    store.close()


def _count_and_be_cut_off(store: EventStore, url: str) -> None:
    with store.database.write() as (connection, _):
        connection.exec_driver_sql("UPDATE counter SET last = last + 1000")
        victim = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (victim,))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("may not mount a small disk; the limit on files stands for it")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_refuses_and_loses_nothing(small_disk: Path) -> None:
    store = EventStore(sqlite_url(small_disk))
    acknowledged = _fill(store)
    assert acknowledged
    refused = [make_event("refused", user_id=2)]
    store.close()
    assert _stored(store) == acknowledged
    with contextlib.suppress(StoreUnavailable):
        store.append(refused)
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    store.append(refused)
    assert _stored(store) == acknowledged
    assert len(store.user(2).events) == 1
    store.close()


def test_a_file_at_its_limit_refuses_and_loses_nothing(sqlite: EventStore) -> None:
    """Without the right to mount: the file may not grow, in a child so that only it is held."""
    sqlite.append([make_event("warm", user_id=3)])
    sqlite.close()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
            names = _fill(sqlite)
            os.write(writer, "\n".join(sorted(names)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        acknowledged = set(told.read().split())
    os.waitpid(child, 0)
    assert acknowledged
    assert _stored(sqlite) == acknowledged


def _fill(store: EventStore) -> set[str]:
    """Append until the store refuses, and return what it acknowledged."""
    acknowledged: set[str] = set()
    for batch in range(1000):
        names = [f"{batch}-{n}" for n in range(20)]
        try:
            store.append([make_event(name) for name in names])
        except StoreUnavailable:
            return acknowledged
        acknowledged.update(names)
    raise AssertionError("the disk never filled up")


def _stored(store: EventStore) -> set[str]:
    return {event.event_id for event in store.user(1).events}


def test_what_is_erased_leaves_the_file(sqlite: EventStore) -> None:
    file = sqlite.database.file
    assert file is not None
    sqlite.append([make_event(f"needle-{n}") for n in range(200)])
    sqlite.close()
    assert b"needle-7" in file.read_bytes()
    sqlite.erase(1)
    sqlite.close()
    assert b"needle-" not in file.read_bytes()
