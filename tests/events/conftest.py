"""Stores to test on, and events to put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from events.database import make_engine, parse_url
from events.migrate import migrate
from events.records import ServedList
from events.schema import VALUED, Event, EventKind
from events.store import EventStore
from tests.events.postgresql import PostgreSQL, find_programs, running_postgresql

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

MakeStore = Callable[..., EventStore]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server that lives as long as the session, with the tables of the events."""
    programs = find_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL: install Debian's package postgresql")
    with running_postgresql(programs) as server:
        migrate(server.url)
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    empty(server.url)
    return server.url


@pytest.fixture
def make_store(url: str) -> Iterator[MakeStore]:
    """Makes stores over the same tables, as several processes have them."""
    made: list[EventStore] = []

    def make(**arguments: object) -> EventStore:
        made.append(EventStore(url, **arguments))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(make_store: MakeStore) -> EventStore:
    return make_store()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[EventStore]:
    """A store in SQLite, for what does not depend on the database."""
    store = EventStore(sqlite_url(tmp_path))
    yield store
    store.close()


def sqlite_url(folder: Path) -> str:
    """Return the address of a new store in ``folder``."""
    url = f"sqlite:///{folder / 'events.db'}"
    migrate(url)
    return url


def empty(url: str) -> None:
    engine = make_engine(parse_url(url), lock_seconds=10)
    with engine.connect() as connection:
        connection.execute(text("TRUNCATE events, served, erasures"))
        connection.execute(text("UPDATE counter SET last = 0"))
    engine.dispose()


def make_event(
    event_id: str,
    kind: str = "rating",
    *,
    user_id: int = 1,
    movie_id: int = 10,
    value: float | None = None,
    occurred_at: datetime = NOON,
    recommendation_id: str | None = None,
    position: int | None = None,
) -> Event:
    """Return an event; one that needs a value has 4 unless said."""
    what = EventKind(kind)
    return Event(
        event_id=event_id,
        kind=what,
        user_id=user_id,
        movie_id=movie_id,
        occurred_at=occurred_at,
        value=4.0 if value is None and what in VALUED else value,
        recommendation_id=recommendation_id,
        position=position,
    )


def make_served(
    recommendation_id: str, *, user_id: int | None = 1, watermark: int = 0
) -> ServedList:
    return ServedList(
        recommendation_id=recommendation_id,
        served_at=NOON,
        user_id=user_id,
        model_version="3",
        bundle_digest="d" * 64,
        request={"k": 2, "genre": "Comédie", "exclude_ids": [1, 2]},
        watermark=watermark,
        items=[{"movie_id": 10, "score": 0.1, "path": "known"}, {"movie_id": 7, "score": -1e-9}],
    )
