"""How a retraining is carried out, with a short program in the place of the training."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from events.migrate import migrate
from events.schema import EventKind
from events.store import EventStore
from events.training_data import read_site_data
from events.versions import EventsVersion, add_version, read_version, require_same
from monitoring.decision import NewData, should_retrain
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.locks import is_held, only_one
from monitoring.settings import DecisionSettings, MonitoringConfig
from pipelines import retraining
from pipelines.alerts import alert_file
from pipelines.retraining import finish_retraining, training_command
from pipelines.tracked import site_data
from recommender.errors import UsageError
from tests.events.conftest import make_event

CONFIG = MonitoringConfig()
DATA = NewData("data-1", 100, 1000)
VERSION = EventsVersion("0" * 32, 1, "digest", 1)
TRAINED = {"promoted": True, "message": "Version 2 is production.", "version": "2", "exit_code": 0}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EventStore:
    monkeypatch.setenv("MOVIE_ROULETTE_VAR", str(tmp_path))
    monkeypatch.delenv("EVENTS_URL", raising=False)
    url = f"sqlite:///{tmp_path / 'events' / 'events.db'}"
    migrate(url)
    found = EventStore(url)
    found.append([make_event("e1", EventKind.RATING, value=4.0)])
    return found


@pytest.fixture
def journal(tmp_path: Path, store: EventStore) -> Journal:
    """A journal in which a retraining was decided."""
    made = Journal(MonitoringFolders(tmp_path / "monitoring").journal)
    decision = should_retrain([], made.state(), DecisionSettings(), 1.0, data=DATA, by_hand=True)
    made.record(decision, DATA, 1.0, {})
    return made


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a program in the place of the training, and spare it the version of the data."""
    monkeypatch.setattr(retraining, "add_version", lambda *_: VERSION)

    def put(code: str) -> None:
        monkeypatch.setattr(retraining, "training_command", lambda *_: [sys.executable, "-c", code])

    return put


def printing(result: dict[str, object]) -> str:
    return f"print('''{json.dumps(result, indent=2)}''')"


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (TRAINED, "promoted"),
        (TRAINED | {"promoted": False, "message": "Worse."}, "rejected"),
        (TRAINED | {"promoted": False, "exit_code": 4}, "rejected"),
        ({"error": "the data was rejected", "exit_code": 3}, "invalid data"),
        ({"error": "the registry is out of reach", "exit_code": 1}, "failed"),
    ],
)
def test_how_a_training_ends_is_kept_and_told(
    journal: Journal,
    training: Callable[[str], None],
    result: dict[str, object],
    outcome: str,
) -> None:
    training(printing(result))
    sentence = finish_retraining(CONFIG)
    assert sentence is not None
    assert str(result.get("message") or result.get("error")) in sentence
    ended = journal.retrainings()[0]
    assert (ended.outcome, ended.attempts) == (outcome, 1)
    assert (journal.state().refused_data == "data-1") is (outcome in ("rejected", "invalid data"))
    assert alert_file().exists() is (outcome != "promoted")
    assert finish_retraining(CONFIG) is None


def test_a_training_that_is_killed_is_a_failure(
    journal: Journal, training: Callable[[str], None]
) -> None:
    training("import os; os.kill(os.getpid(), 9)")
    assert "status -9" in str(finish_retraining(CONFIG))
    assert journal.retrainings()[0].outcome == "failed"


def test_what_a_dead_monitor_began_is_looked_after(
    tmp_path: Path, journal: Journal, training: Callable[[str], None]
) -> None:
    folders = MonitoringFolders(tmp_path / "monitoring")
    journal.begin(1, 2.0)
    training(printing(TRAINED))
    with only_one(folders.training_lock, what="retraining"):
        assert "still under way" in str(finish_retraining(CONFIG))
    # It was killed half way, so it is started again.
    folders.result(1).parent.mkdir()
    folders.result(1).write_text("{", encoding="utf-8")
    assert "new production model" in str(finish_retraining(CONFIG))
    assert journal.retrainings()[0].attempts == 2


def test_a_result_that_nobody_read_counts_and_a_third_attempt_is_not_made(
    tmp_path: Path, journal: Journal, training: Callable[[str], None]
) -> None:
    training("raise SystemExit('not to be started')")
    journal.begin(1, 2.0)
    journal.begin(1, 3.0)
    assert "killed 2 times" in str(finish_retraining(CONFIG))
    decision = should_retrain([], journal.state(), DecisionSettings(), 9.0, data=DATA, by_hand=True)
    journal.record(decision, DATA, 9.0, {})
    file = MonitoringFolders(tmp_path / "monitoring").result(2)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(TRAINED, indent=2), encoding="utf-8")
    assert "new production model" in str(finish_retraining(CONFIG))


def test_a_training_outlives_whoever_started_it_and_keeps_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "retraining.lock"
    with only_one(lock, what="retraining") as stream:
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[stream.fileno()]
        )
    assert is_held(lock)
    child.communicate(b"\n")
    assert not is_held(lock)


_INTERRUPTIBLE = """
import pathlib, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    pathlib.Path({begun!r}).touch()
    time.sleep(600)
except KeyboardInterrupt:
    raise SystemExit(130)
"""


def test_ctrl_c_ends_the_training_and_is_kept(
    journal: Journal,
    training: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    begun = tmp_path / "begun"
    training(_INTERRUPTIBLE.format(begun=str(begun)))
    waited = subprocess.Popen.wait

    def interrupted(self: subprocess.Popen[bytes], *arguments: object) -> int:
        while not begun.exists():
            assert self.poll() is None
            time.sleep(0.05)
        monkeypatch.setattr(subprocess.Popen, "wait", waited)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        finish_retraining(CONFIG)
    assert journal.retrainings()[0].outcome == "interrupted"


def test_the_training_learns_from_a_version_of_the_site(tmp_path: Path, store: EventStore) -> None:
    folder = MonitoringFolders(tmp_path / "monitoring").versions
    version = add_version(folder, read_site_data(store))
    assert (version.ratings, version.until) == (1, 1)
    assert read_version(folder, version.md5) == version
    command = training_command(CONFIG, version.md5)
    assert command[2:5] == ["training", "--with-events", "--json"]
    assert f'events_version="{version.md5}"' in command
    # What comes later is not in it.
    store.append([make_event("e2", EventKind.RATING, value=2.0)])
    found = site_data(version.md5)
    assert found.request.until == 1
    assert found.tags["roulette.events_version"] == version.md5
    later = add_version(folder, read_site_data(store))
    assert later.md5 != version.md5
    with pytest.raises(UsageError, match="not the latest version"):
        site_data(version.md5)
    store.erase(1)
    with pytest.raises(UsageError, match="erased"):
        require_same(later, read_site_data(store, until=later.until))
    # Whom the site forgets is in no cache after the next version.
    add_version(folder, read_site_data(store))
    kept = [file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file()]
    assert not any(",4.0," in text or ",2.0," in text for text in kept)
