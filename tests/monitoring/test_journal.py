from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from monitoring.decision import NewData, RetrainDecision, after_training, should_retrain
from monitoring.errors import MonitoringError
from monitoring.journal import Journal
from monitoring.settings import DecisionSettings
from monitoring.state import MonitorState

DATA = NewData("data-1", 100, 1000)
NOW = 1_700_000_000.0


def decided(state: MonitorState | None = None, *, by_hand: bool = True) -> RetrainDecision:
    state = state or MonitorState()
    return should_retrain([], state, DecisionSettings(), NOW, data=DATA, by_hand=by_hand)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "monitoring" / "journal.db")


def test_a_journal_begins_with_nothing(journal: Journal) -> None:
    assert journal.state() == MonitorState()
    assert journal.decisions() == []
    assert journal.open_retraining() is None


def test_a_decision_is_kept_with_its_reasons_and_what_it_remembers(journal: Journal) -> None:
    quiet = decided(by_hand=False)
    journal.record(quiet, DATA, NOW, {"run": "r1"})
    number = journal.record(decided(), DATA, NOW + 1, {})
    latest, first = journal.decisions()
    assert (latest["id"], latest["retrain"], latest["causes"]) == (number, True, ["by hand"])
    assert first["about"] == {"run": "r1"}
    assert [reason["rule"] for reason in first["reasons"] if not reason["passed"]] == ["cause"]
    assert journal.state().last_trigger_at == NOW


def test_a_retraining_is_open_until_it_ends(journal: Journal) -> None:
    number = journal.record(decided(), DATA, NOW, {})
    journal.begin(number, NOW + 1)
    begun = journal.open_retraining()
    assert begun is not None
    assert (begun.decision, begun.attempts, begun.data) == (number, 1, DATA)
    state = after_training(journal.state(), promoted=True, refused=False, data=DATA, now=NOW + 9)
    journal.end(number, "promoted", state, NOW + 9, {"version": "2"})
    assert journal.open_retraining() is None
    ended = journal.retrainings()[0]
    assert (ended.outcome, ended.record) == ("promoted", {"version": "2"})
    assert journal.state().last_training_at == NOW + 9


def test_a_file_that_is_no_journal_is_named(journal: Journal) -> None:
    journal.file.parent.mkdir()
    journal.file.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(MonitoringError, match=r"journal\.db"):
        journal.state()


def test_what_cannot_be_kept_leaves_nothing(journal: Journal) -> None:
    with pytest.raises(TypeError):
        journal.record(decided(), DATA, NOW, {"run": object()})
    bad = replace(decided(), state=replace(MonitorState(), streaks={"a": object()}))  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        journal.record(bad, DATA, NOW, {})
    assert journal.decisions() == []


STEPS = ("record", "begin", "end", "_transaction", "_remember")


def killed_at(line: int, journal: Journal) -> bool:
    """Run one decision and its end in a child that is killed before a line; say whether it was."""
    child = os.fork()
    if child == 0:
        count = 0

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal count
            if not frame.f_code.co_filename.endswith("monitoring/journal.py"):
                return None
            if frame.f_code.co_name not in STEPS:
                return None
            if event == "line":
                count += 1
                if count == line:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        number = journal.record(decided(journal.state()), DATA, NOW, {})
        journal.begin(number, NOW)
        state = after_training(journal.state(), promoted=True, refused=False, data=DATA, now=NOW)
        journal.end(number, "promoted", state, NOW, {})
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_kill_at_any_line_leaves_all_of_a_decision_or_nothing(tmp_path: Path) -> None:
    line, seen = 0, set()
    while True:
        line += 1
        journal = Journal(tmp_path / f"{line}.db")
        was_killed = killed_at(line, journal)
        decisions, open_one = journal.decisions(), journal.open_retraining()
        state = journal.state()
        done = [item.outcome for item in journal.retrainings()]
        # A decision, its memory and its retraining stand together, and so do end and memory.
        assert len(decisions) == len(done) == (state.last_trigger_at is not None)
        assert (done == ["promoted"]) == (state.last_training_at is not None)
        seen.add((len(decisions), open_one is not None and open_one.attempts, done == ["promoted"]))
        if not was_killed:
            break
    assert seen == {(0, False, False), (1, 0, False), (1, 1, False), (1, False, True)}
