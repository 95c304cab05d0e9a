"""Opening a store: which addresses are known, which tables are right, and how they come to be."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic.op
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from events.database import Database, make_engine, parse_url
from events.errors import StoreOutdatedError
from events.migrate import known_revisions, migrate
from events.per_process import PerProcess
from events.store import EventStore, StoreUnavailable
from events.tables import REVISION, metadata
from recommender.errors import UsageError
from tests.events.conftest import make_event, sqlite_url
from tests.events.postgresql import PostgreSQL


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d", "not a url", "", "redis://x"],
)
def test_an_address_of_no_durable_store_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="sqlite:///FILE") as caught:
        EventStore(url)
    assert "secret" not in str(caught.value)


def test_passwords_are_never_shown() -> None:
    database = Database("postgresql://u:secret@127.0.0.1:1/d", lock_seconds=1)
    assert "secret" not in database.place
    assert database.file is None
    with pytest.raises(StoreUnavailable) as caught, database.read():
        pass
    assert "secret" not in str(caught.value)


def test_nothing_is_opened_before_use(tmp_path: Path) -> None:
    store = EventStore(f"sqlite:///{tmp_path / 'absent.db'}")
    with pytest.raises(StoreOutdatedError, match="python -m events migrate"):
        store.check()
    assert list(tmp_path.iterdir()) == []


def test_a_store_without_tables_is_refused(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "empty.db").close()
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreOutdatedError, match="no tables"):
        EventStore(f"sqlite:///{tmp_path / 'empty.db'}").watermark(1)


def test_a_store_of_another_revision_is_refused(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    with sqlite3.connect(tmp_path / "events.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreOutdatedError, match="9999"):
        EventStore(url).append([make_event("1")])
    with pytest.raises(StoreOutdatedError, match="does not know"):
        migrate(url)


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "events.db").write_bytes(b"no database at all" * 100)
    url = f"sqlite:///{tmp_path / 'events.db'}"
    with pytest.raises(StoreUnavailable, match="is not a SQLite database"):
        EventStore(url).check()
    with pytest.raises(StoreUnavailable, match="is not a SQLite database"):
        migrate(url)


def test_a_wrong_statement_is_no_fault_of_the_store(sqlite: EventStore) -> None:
    with pytest.raises(DBAPIError), sqlite.database.read() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))
    with pytest.raises(DBAPIError), sqlite.database.write() as (connection, _):
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))
    assert sqlite.append([make_event("1")]).accepted == 1


def test_a_wrong_statement_of_the_driver_is_not_hidden(sqlite: EventStore) -> None:
    sqlite.append([make_event("1")])
    with sqlite.database.write() as (connection, _):
        connection.execute(text("ALTER TABLE events RENAME TO others"))
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        sqlite.watermark(1)


def test_a_failed_migration_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("half way")

    url = f"sqlite:///{tmp_path / 'events.db'}"
    with monkeypatch.context() as patch:
        # Two tables are made by then.
        patch.setattr(alembic.op, "create_index", fail)
        with pytest.raises(RuntimeError, match="half way"):
            migrate(url)
    with pytest.raises(StoreOutdatedError, match="no tables"):
        EventStore(url).check()
    assert migrate(url) is None


def test_migrating_twice_changes_nothing(url: str) -> None:
    store = EventStore(url)
    store.append([make_event("1")])
    assert migrate(url) == REVISION
    assert store.watermark(1) == 1
    store.close()


def test_two_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'events.db'}"
    with ThreadPoolExecutor(1) as pool:
        code = "import sys; from events.migrate import migrate; print(migrate(sys.argv[1]))"
        process = [sys.executable, "-c", code, url]
        other = pool.submit(subprocess.run, process, capture_output=True, text=True, check=True)
        mine = migrate(url)
        assert {str(mine), other.result().stdout.strip()} == {"None", REVISION}
    EventStore(url).check()


def test_migrations_make_the_tables_of_the_code(url: str) -> None:
    assert known_revisions()[0] == REVISION
    engine = make_engine(parse_url(url), lock_seconds=5)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_postgresql_survives_two_migrations_at_once(postgresql: PostgreSQL) -> None:
    with ThreadPoolExecutor(2) as pool:
        url = postgresql.url
        assert list(pool.map(migrate, [url, url])) == [REVISION, REVISION]


def test_one_process_makes_one() -> None:
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    one = PerProcess(make)
    assert one.take() is None
    with ThreadPoolExecutor(8) as pool:
        assert len({id(found) for found in pool.map(lambda _: one.get(), range(50))}) == 1
    assert len(made) == 1
    assert one.take() is made[0]
    assert one.get() is not made[0]


def test_what_is_gone_is_not_kept_for_a_fork() -> None:
    one = PerProcess(object)
    import os
    import weakref

    watch = weakref.ref(one)
    del one
    gc.collect()
    assert watch() is None
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
