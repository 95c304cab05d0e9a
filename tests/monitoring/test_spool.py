from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from monitoring.errors import MonitoringError
from monitoring.observations import Observation
from monitoring.pieces import finish_dead, finished
from monitoring.settings import ProfilingSettings
from monitoring.spool import FINISHED, UNFINISHED, ShownList, Spool
from recommender.errors import UsageError

SETTINGS = ProfilingSettings()
ITEMS = [{"movie_id": 10, "score": 1.0, "path": "personal"}, {"movie_id": 20, "path": "popular"}]


def rating(number: float = 4.0) -> Observation:
    return Observation("rating", 1000.0, "m1", 1, (10,), (), number)


def rows(folder: Path) -> list[Observation]:
    return [row for piece in finished(folder) for row in piece.rows()[0]]


def test_what_is_put_arrives_once_and_in_full(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SETTINGS)
    spool.put_list(ShownList(1000.0, "m1", 1, ITEMS, 1.23456))
    spool.put(rating())
    spool.close()
    shown, rated = rows(tmp_path)
    assert shown == ("list", 1000.0, "m1", 1, [10, 20], ["personal", "popular"], 1.235)
    assert rated == ("rating", 1000.0, "m1", 1, [10], [], 4.0)
    assert spool.counts == {"written": 2, "dropped": 0}


def test_what_finds_no_room_is_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ProfilingSettings(max_waiting=3))
    # Not before the queue is full.
    spool._start = lambda: None  # type: ignore[method-assign]
    for _ in range(5):
        spool.put(rating())
    spool.close()
    assert spool.counts["dropped"] == 2
    assert len(rows(tmp_path)) == 3


def test_of_more_than_a_profiler_may_cost_a_sample_is_drawn(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ProfilingSettings(lists_per_second=10, events_per_second=20))
    spool._start = lambda: None  # type: ignore[method-assign]
    for number in range(300):
        spool.put_list(ShownList(float(number), "m1", 1, ITEMS, 1.0))
        spool.put(rating(number))
    spool.close()
    found = rows(tmp_path)
    assert spool.counts["left_out"] == 600 - len(found)
    assert all(row.time < 200.0 for row in found if row.kind == "list")
    numbers = [row.number for row in found if row.kind == "rating"]
    assert 20 <= len(numbers) < 300
    assert numbers == sorted(numbers)
    assert numbers != list(range(len(numbers)))


def test_the_thread_hands_pieces_over(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ProfilingSettings(piece_seconds=0.01))
    deadline = time.monotonic() + 60.0
    while not rows(tmp_path) and time.monotonic() < deadline:
        spool.put(rating())
        time.sleep(0.05)
    assert rows(tmp_path)
    spool.close()


def test_a_full_disk_drops_and_counts(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "file", SETTINGS)
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    spool.put(rating())
    spool.flush()
    assert spool.counts["dropped"] == 1


def test_pieces_that_nobody_profiles_are_bounded(tmp_path: Path) -> None:
    spool = Spool(tmp_path, ProfilingSettings(max_pieces=2))
    for _ in range(4):
        spool.put(rating())
        spool.flush()
    assert spool.counts["dropped"] == 2
    assert len(rows(tmp_path)) == 2
    spool.close()


def test_what_a_killed_worker_left_is_found_and_half_a_row_is_counted(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        spool = Spool(tmp_path, SETTINGS)
        spool.put(rating(1.0))
        spool.flush()
        spool.put(rating(2.0))
        with spool._writing:
            spool._write()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (part,) = tmp_path.glob(f"*/*{UNFINISHED}")
    with part.open("a", encoding="utf-8") as stream:
        stream.write('["rating",10')
    assert [row.number for row in rows(tmp_path)] == [1.0]
    finish_dead(tmp_path)
    pieces = list(finished(tmp_path))
    assert [piece.number for piece in pieces] == [1, 2]
    assert pieces[1].rows() == ([rating(2.0)._replace(movie_ids=[10], paths=[])], 1)
    for piece in pieces:
        piece.file.unlink()
    finish_dead(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_living_worker_keeps_its_unfinished_piece(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SETTINGS)
    spool.put(rating())
    with spool._writing:
        spool._write()
    finish_dead(tmp_path)
    assert not list(tmp_path.glob(f"*/*{FINISHED}"))
    (tmp_path / "made-by-hand").mkdir()
    finish_dead(tmp_path)
    assert (tmp_path / "made-by-hand").is_dir()
    spool.close()


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"\xff",
        b'["purchase",1.0,null]',
        b'["rating",null,"m"]',
        b'["rating",1.0,"m","someone"]',
        b'["list",1.0,"m",1,[1,2],["personal"]]',
        b'["list"]',
    ],
)
def test_a_row_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(MonitoringError, match="malformed"):
        Observation.from_line(line)


def test_settings_that_cannot_be_obeyed_are_refused() -> None:
    with pytest.raises(UsageError, match=r"profiling\.period_seconds"):
        ProfilingSettings(period_seconds=0)
