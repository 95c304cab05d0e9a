from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import environment
from events.__main__ import main
from events.address import events_url
from events.store import EventStore
from tests.events.conftest import make_event, make_served, sqlite_url


@pytest.fixture
def filled(store: EventStore) -> EventStore:
    store.append([make_event(str(n), movie_id=n, user_id=n % 3) for n in range(50)])
    store.append([make_event("l", "like", movie_id=7), make_event("c", "click")])
    store.record_served([make_served("a"), make_served("b", user_id=None)])
    store.erase(2)
    return store


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTS_URL", "sqlite:////somewhere/else.db")
    assert events_url() == "sqlite:////somewhere/else.db"
    monkeypatch.delenv("EVENTS_URL")
    assert events_url() == f"sqlite:///{environment.state_dir() / 'events' / 'events.db'}"


def test_tables_are_made_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'events.db'}"
    assert main(["--url", url, "status"]) == 2
    assert "python -m events migrate" in capsys.readouterr().err
    assert main(["--url", url, "migrate"]) == 0
    assert main(["--url", url, "migrate"]) == 0
    assert capsys.readouterr().out == "revision None -> 0001\nrevision 0001\n"
    EventStore(url).append([make_event("1")])
    assert main(["--url", url, "status"]) == 0
    shown = capsys.readouterr().out
    assert "events     1\n" in shown
    assert "erasures   0\n" in shown


def test_a_backup_is_the_store_again_wherever_it_is_restored(
    url: str, filled: EventStore, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    assert main(["--url", url, "backup", str(file)]) == 0
    filled.append([make_event("after")])
    (tmp_path / "new").mkdir()
    other = sqlite_url(tmp_path / "new")
    assert main(["--url", other, "restore", str(file)]) == 0
    restored = EventStore(other)
    assert restored.user(0) == filled.user(0)
    assert restored.erased_users() == (2,)
    assert restored.served("b") == filled.served("b")
    assert restored.watermark(2) == filled.watermark(2)
    before = restored.watermark(2)
    assert restored.append([make_event("0", user_id=0, movie_id=0)]).duplicates == 1
    restored.append([make_event("next", user_id=9)])
    assert restored.watermark(9) > before


def test_a_sqlite_store_moves_to_another(url: str, store: EventStore, tmp_path: Path) -> None:
    """Into PostgreSQL too, where ``url`` names one."""
    (tmp_path / "old").mkdir()
    old = EventStore(sqlite_url(tmp_path / "old"))
    old.append([make_event(str(n), movie_id=n) for n in range(20)])
    old.record_served([make_served("a")])
    old.erase(5)
    file = tmp_path / "backup.db"
    assert main(["--url", old.database.place, "backup", str(file)]) == 0
    assert main(["--url", url, "restore", str(file)]) == 0
    assert store.user(1) == old.user(1)
    assert store.erased_users() == (5,)
    assert main(["--url", url, "restore", str(file)]) == 2


def test_a_backup_overwrites_nothing(
    sqlite: EventStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, url = tmp_path / "kept", sqlite.database.place
    file.write_text("kept", encoding="utf-8")
    assert main(["--url", url, "backup", str(file)]) == 2
    assert main(["--url", url, "export-ratings", str(file)]) == 2
    assert file.read_text(encoding="utf-8") == "kept"
    assert main(["--url", url, "restore", str(tmp_path / "absent")]) == 2
    assert "absent" in capsys.readouterr().err


def test_ratings_are_exported_as_the_pipelines_read_them(
    url: str, filled: EventStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ratings.csv"
    assert main(["--url", url, "export-ratings", str(file)]) == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 34
    assert {row["user_id"] for row in rows} == {"0", "1"}
    assert "digest" in capsys.readouterr().out
    filled.close()


def test_old_served_lists_are_pruned(url: str, store: EventStore) -> None:
    old, new = make_served("old"), make_served("new")
    object.__setattr__(old, "served_at", datetime.now(UTC) - timedelta(days=31))
    object.__setattr__(new, "served_at", datetime.now(UTC))
    store.record_served([old, new])
    assert main(["--url", url, "prune", "30"]) == 0
    assert store.served("old") is None
    assert store.served("new") == new
    assert main(["--url", url, "prune", "0"]) == 2
