from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from monitoring import profiler as profiler_module
from monitoring.errors import MonitoringError
from monitoring.observations import Observation
from monitoring.profiler import Profiler
from monitoring.profiles import DAMAGED, Profile, ProfileKey, ProfileStore
from monitoring.settings import ProfilingSettings
from monitoring.sketches import Sketches
from monitoring.values import values_of
from recommender.reference.facts import ModelFacts

HOUR = 3600
BEGIN = 1_700_000_000 // HOUR * HOUR


def rating(hour: int = 0, *, stars: float = 4.0, model: str | None = "m1") -> Observation:
    return Observation("rating", BEGIN + hour * HOUR + 5.0, model, 1, (10,), (), stars)


def put_piece(spools: Path, number: int, rows: Sequence[Observation], worker: str = "w1") -> None:
    folder = spools / worker
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(row.to_line() for row in rows)
    (folder / f"{number:012d}.rows").write_text(text, encoding="utf-8")


def make(root: Path, facts: ModelFacts | None, **settings: Any) -> Profiler:
    store = ProfileStore(root / "profiles")
    return Profiler(root / "spool", store, lambda _: facts, ProfilingSettings(**settings))


def rows_of(root: Path) -> dict[tuple[int, str | None], int]:
    store = ProfileStore(root / "profiles")
    return {
        ((key.start - BEGIN) // HOUR, key.model): store.merged([key]).rows
        for key in store.all_keys()
    }


def test_values_are_looked_up_in_the_model(facts: ModelFacts) -> None:
    rows = [
        Observation("list", 0.0, "m", 2, (10, 40, 99), ("personal", "personal", "popular"), 7.5),
        Observation("list", 0.0, "m", None, (20,), ("popular",), 1.0),
        Observation("rating", 0.0, "m", 1, (30,), (), 2.5),
        Observation("watch", 0.0, "m", 1, (10,), (), 90.0),
        Observation("click", 0.0, "m", 1, (10,), (), 3),
        Observation("click", 0.0, "m", 1, (10,), (), None),
        Observation("search", 0.0, "m", number=7),
    ]
    found = {name: list(values) for name, values in values_of(rows, facts).items()}
    assert found["shown_genre"] == ["Crime", "Drama", "(none)", "Comedy"]
    assert found["shown_year"] == [1994, 2001]
    assert found["shown_popularity"] == [100, 0, 50]
    assert found["score_path"] == ["personal", "personal", "popular", "popular"]
    assert found["latency_ms"] == [7.5, 1.0]
    assert found["user_activity"] == [20]
    assert (found["rating"], found["rated_year"]) == ([2.5], [2001])
    assert found["predicted_rating"] == pytest.approx([4.03])
    assert found["watched_genre"] == ["Crime", "Drama"]
    assert (found["clicked_position"], found["query_length"]) == ([3], [7])
    bare = values_of(rows, None)
    assert set(bare) == {"latency_ms", "score_path", "rating", "clicked_position", "query_length"}


def test_sketches_give_back_what_they_were_given() -> None:
    stars = np.repeat([1.0, 2.0, 3.0], [10, 20, 70])
    sketches = Sketches.of({"rating": stars, "rated_genre": ["Drama"] * 5, "rated_year": []})
    assert sketches.count("rating") == 100
    assert sketches.count("rated_year") == sketches.count("query_length") == 0
    edges = np.array([1.5, 2.5])
    assert sketches.shares_between("rating", edges) == pytest.approx([0.1, 0.2, 0.7])
    assert sketches.shares_between("rating", np.empty(0)) == pytest.approx([1.0])
    assert sketches.quantile("rating", 0.5) == 3.0
    again = Sketches.from_bytes(sketches.merged(sketches).to_bytes({"a": "b"}))
    assert again.metadata == {"a": "b"}
    assert again.names("rated_genre") == {"Drama": 10.0}


def test_the_mend_for_numpy_2_is_needed_and_enough() -> None:
    # Where it is not needed any more, it can go.
    assert np.unicode_ is np.str_  # type: ignore[attr-defined]  # noqa: NPY201
    assert "unicode_" not in np.__all__


def test_pieces_become_profiles_by_period_worker_and_model(
    tmp_path: Path, facts: ModelFacts
) -> None:
    spools = tmp_path / "spool"
    put_piece(spools, 1, [rating(), rating(1), rating(model="m2")])
    put_piece(spools, 2, [rating(1)])
    put_piece(spools, 1, [rating(), rating(model=None)], worker="w2")
    profiler = make(tmp_path, facts)
    assert profiler.run_once() == 3
    assert profiler.run_once() == 0
    assert profiler.counts == {"pieces": 3, "rows": 6, "damaged": 0, "unknown_model": 1}
    assert not list(spools.glob("*/*.rows"))
    store = ProfileStore(tmp_path / "profiles")
    first_hour = [key for key in store.all_keys() if key.start == BEGIN and key.model == "m1"]
    assert {key.worker for key in first_hour} == {"w1", "w2"}
    merged = store.merged(first_hour)
    assert merged.rows == 2
    assert merged.sketches is not None
    assert merged.sketches.names("rated_genre") == {"Crime": 2.0, "Drama": 2.0}
    put_piece(spools, 3, [rating()])
    profiler.run_once()
    assert store.merged(first_hour).rows == 3


def test_a_kill_at_any_line_loses_no_row_and_counts_none_twice(
    tmp_path: Path, facts: ModelFacts
) -> None:
    line, was_killed = 0, True
    while was_killed:
        line += 1
        root = tmp_path / str(line)
        put_piece(root / "spool", 1, [rating(), rating(1)])
        put_piece(root / "spool", 2, [rating(1), rating(1)])
        was_killed = killed_at(line, make(root, facts))
        make(root, facts).run_once()
        assert rows_of(root) == {(0, "m1"): 1, (1, "m1"): 3}
    assert line > 30


def killed_at(line: int, profiler: Profiler) -> bool:
    child = os.fork()
    if child == 0:
        count = 0

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal count
            if not frame.f_code.co_filename.endswith(("/profiler.py", "/profiles.py")):
                return None
            if frame.f_code.co_name not in ("_profile", "_added", "save"):
                return None
            if event == "line":
                count += 1
                if count == line:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        profiler.run_once()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_damaged_rows_are_counted_and_a_damaged_profile_is_moved_aside(
    tmp_path: Path, facts: ModelFacts
) -> None:
    spools, profiler = tmp_path / "spool", make(tmp_path, facts)
    put_piece(spools, 1, [rating()])
    profiler.run_once()
    store = ProfileStore(tmp_path / "profiles")
    (key,) = store.all_keys()
    file = store.folder / key.file_name
    file.write_bytes(file.read_bytes()[:100])
    merged = store.merged([key])
    assert (merged.sketches, merged.rows) == (None, 0)
    assert key.file_name in merged.unreadable[0]
    put_piece(spools, 2, [rating(), rating()])
    with (spools / "w1" / f"{2:012d}.rows").open("a", encoding="utf-8") as stream:
        stream.write("half a ro")
    profiler.run_once()
    assert profiler.counts["damaged"] == 1
    assert rows_of(tmp_path) == {(0, "m1"): 2}
    assert file.with_name(file.name + DAMAGED).exists()


def test_a_profile_of_another_program_is_none_of_ours(tmp_path: Path) -> None:
    store = ProfileStore(tmp_path)
    key = ProfileKey(BEGIN, HOUR, "w1", "m1")
    tmp_path.joinpath(key.file_name).write_bytes(Sketches.of({"rating": [1.0]}).to_bytes({}))
    assert "which rows it holds" in store.merged([key]).unreadable[0]
    store.save(Profile(key))
    with pytest.raises(MonitoringError, match="not the name of a profile"):
        ProfileKey.from_name("20261128.bin")


def test_what_cannot_be_saved_leaves_the_profile_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ProfileStore(tmp_path)
    key = ProfileKey(BEGIN, HOUR, "w1", None)
    profile = Profile(key).with_rows(Sketches.of({"rating": [1.0]}), 1, 1)
    store.save(profile)

    def fail(_: int) -> None:
        raise OSError("no room")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no room"):
        store.save(profile.with_rows(Sketches.of({"rating": [1.0]}), 1, 2))
    assert [file.name for file in tmp_path.iterdir()] == [key.file_name]
    assert store.merged([key]).rows == 1


def test_the_latest_periods_are_kept_whatever_the_clock_says(
    tmp_path: Path, facts: ModelFacts
) -> None:
    profiler = make(tmp_path, facts, keep_periods=2)
    for number, hour in enumerate([0, 1, 2, 900_000], start=1):
        put_piece(tmp_path / "spool", number, [rating(hour)])
    profiler.run_once()
    assert set(rows_of(tmp_path)) == {(2, "m1"), (900_000, "m1")}


def test_a_profiler_runs_until_it_is_told_to_stop_and_survives_a_full_disk(
    tmp_path: Path, facts: ModelFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiler, stop = make(tmp_path, facts), threading.Event()
    put_piece(tmp_path / "spool", 1, [rating()])
    calls = 0

    def run_once() -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError("no room")
        stop.set()
        return 0

    monkeypatch.setattr(profiler, "run_once", run_once)
    profiler.run(stop, 0.001)
    assert calls == 2


def test_many_pieces_are_read_a_few_at_a_time(
    tmp_path: Path, facts: ModelFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiler_module, "_AT_ONCE", 2)
    for number in range(1, 6):
        put_piece(tmp_path / "spool", number, [rating()])
    assert make(tmp_path, facts).run_once() == 5
    assert rows_of(tmp_path) == {(0, "m1"): 5}
