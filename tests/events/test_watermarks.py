"""Watermarks that are not read again, and how processes learn that they must be."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from events.backup import back_up, restore
from events.errors import StoreUnavailable
from events.marks import ChangeMarks
from events.schema import PASSING
from events.store import EventStore
from events.watermarks import Watermarks
from tests.events.conftest import make_event, make_served, sqlite_url


@pytest.fixture
def marks(tmp_path: Path) -> ChangeMarks:
    return ChangeMarks.open(tmp_path / "marks")


class Counted:
    """Watermarks of a table, which count how often each was read."""

    def __init__(self, marks: ChangeMarks | None) -> None:
        self.table = {1: 10, 2: 20}
        self.now = 0.0
        self.n_reads = 0
        self.watermarks = Watermarks(self._read, lambda: marks, lambda: self.now)

    def _read(self, user_id: int) -> int:
        self.n_reads += 1
        return self.table[user_id]


def test_what_did_not_change_is_read_once(marks: ChangeMarks) -> None:
    counted = Counted(marks)
    assert [counted.watermarks.of(user) for user in (1, 2, 1, 2, 1)] == [10, 20, 10, 20, 10]
    assert counted.n_reads == 2
    marks.change([2])
    assert [counted.watermarks.of(user) for user in (1, 2, 1, 2)] == [10, 20, 10, 20]
    assert counted.n_reads == 3
    marks.change(None)
    assert [counted.watermarks.of(user) for user in (1, 2, 1, 2)] == [10, 20, 10, 20]
    assert counted.n_reads == 5


def test_what_changed_past_the_marks_counts_soon(marks: ChangeMarks) -> None:
    counted = Counted(marks)
    counted.watermarks.of(1)
    counted.table[1] = 11
    counted.now = 11.0
    assert counted.watermarks.of(1) == 11


def test_without_marks_everything_is_read() -> None:
    counted = Counted(None)
    assert [counted.watermarks.of(1) for _ in range(3)] == [10] * 3
    assert counted.n_reads == 3


def test_a_change_while_it_is_read_is_not_missed(marks: ChangeMarks) -> None:
    counted = Counted(marks)

    def read_and_be_overtaken(user_id: int) -> int:
        read = counted.table[user_id]
        counted.table[user_id] += 1
        marks.change([user_id])
        return read

    watermarks = Watermarks(read_and_be_overtaken, lambda: marks)
    assert [watermarks.of(1) for _ in range(3)] == [10, 11, 12]


def test_processes_that_begin_together_share_one_file(tmp_path: Path) -> None:
    together = Barrier(8)

    def open_and_change(user: int) -> ChangeMarks:
        together.wait()
        found = ChangeMarks.open(tmp_path / "marks")
        found.change([user])
        return found

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(open_and_change, range(1, 9)))
    seen = {tuple(marks.of(user) for user in range(1, 9)) for marks in opened}
    assert len(seen) == 1
    assert len(set(*seen)) == 8
    assert [file.name for file in tmp_path.iterdir()] == ["marks"]


def test_users_of_any_id_have_a_mark(marks: ChangeMarks) -> None:
    for user in (0, -1, 2**31 - 1, 2**62):
        before = marks.of(user)
        marks.change([user])
        assert marks.of(user) != before


@pytest.fixture
def asked(sqlite: EventStore, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], bool]:
    """Says whether a watermark has to be read."""
    reads: list[object] = []
    rows = sqlite.database.rows
    monkeypatch.setattr(sqlite.database, "rows", lambda *given: reads.append(given) or rows(*given))

    def is_read(user_id: int) -> bool:
        before = len(reads)
        sqlite.watermark(user_id)
        return len(reads) > before

    return is_read


def test_only_a_change_of_the_history_is_asked_about(
    sqlite: EventStore, asked: Callable[[int], bool]
) -> None:
    assert [asked(1), asked(1), asked(2), asked(2)] == [True, False, True, False]
    for kind in PASSING:
        sqlite.append([make_event(str(kind), str(kind), user_id=1)])
    sqlite.record_served([make_served("a")])
    assert not asked(1)
    sqlite.append([make_event("1", user_id=1)])
    assert [asked(1), asked(1), asked(2)] == [True, False, False]
    sqlite.append([make_event("1", user_id=1)])
    assert asked(1), "what was stored before its writer was killed is told by the next try"
    sqlite.erase(2)
    assert [asked(2), asked(1)] == [True, False]


def test_another_process_is_seen_at_once(sqlite: EventStore, tmp_path: Path) -> None:
    """A child stores events of a user, and tells of each when it is acknowledged."""
    sqlite.watermark(1)
    told, telling = os.pipe()
    heard, hearing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for number in range(1, 101):
                sqlite.append([make_event(str(number), movie_id=number)])
                os.write(telling, b".")
                os.read(heard, 1)
        finally:
            os._exit(0)
    seen = []
    for _ in range(100):
        assert os.read(told, 1) == b"."
        seen.append((sqlite.watermark(1), sqlite.watermark(1)))
        os.write(hearing, b".")
    os.waitpid(child, 0)
    assert seen == [(number, number) for number in range(1, 101)]


def test_a_restored_store_is_read_anew(sqlite: EventStore, tmp_path: Path) -> None:
    sqlite.append([make_event("1"), make_event("2")])
    back_up(sqlite.database, tmp_path / "backup.db")
    folder = tmp_path / "new"
    folder.mkdir()
    other = EventStore(sqlite_url(folder))
    assert other.watermark(1) == 0
    restore(tmp_path / "backup.db", other.database)
    assert other.watermark(1) == 2
    other.close()


def test_without_a_place_for_marks_reading_goes_on_and_writing_is_refused(
    sqlite: EventStore, tmp_path: Path
) -> None:
    (tmp_path / "events.db-marks").mkdir()
    assert sqlite.watermark(1) == 0
    with pytest.raises(StoreUnavailable, match="marks of changes"):
        sqlite.append([make_event("1")])
    (tmp_path / "events.db-marks").rmdir()
    assert sqlite.append([make_event("1")]).accepted == 1
    assert sqlite.watermark(1) == 1
