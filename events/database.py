"""How the event store reaches its database: one pool for each process, and every fault named.

SQLite runs in WAL with ``synchronous=FULL``: what is committed survives a crash of the machine,
and readers wait for nobody. PostgreSQL is reached with psycopg.
"""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg.errors import LockNotAvailable, ReadOnlySqlTransaction
from sqlalchemy import (
    URL,
    CompoundSelect,
    Connection,
    Engine,
    PoolProxiedConnection,
    Select,
    create_engine,
    event,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from events.errors import StoreOutdatedError, StoreUnavailable
from events.marks import ChangeMarks
from events.per_process import PerProcess
from events.tables import REVISION, counter
from recommender.errors import UsageError

Compilable = Select[Any] | CompoundSelect[Any]

#: What SQLAlchemy raises for a driver, and what the drivers raise where they are asked directly.
DATABASE_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error)

_MIGRATE = "Run: python -m events migrate"
_SIZE = 8
_MOST_OVERFLOW = 24
#: What SQLite says of the place rather than of the statement.
_SQLITE_FAULTS = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked by another connection",
    sqlite3.SQLITE_FULL: "has no room left on its disk",
    sqlite3.SQLITE_IOERR: "its disk fails",
    sqlite3.SQLITE_READONLY: "may not be written to",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_PERM: "may not be opened",
    sqlite3.SQLITE_NOMEM: "the machine has no memory left",
    sqlite3.SQLITE_PROTOCOL: "is locked by another process",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database",
}
#: Between two tries to take SQLite's write lock.
_LOCK_POLL_SECONDS = 0.0005
#: Seconds after which to try again, where waiting for a lock is not what helps.
_SLOW_TO_MEND = 5


class Database:
    """The database of the events; it opens nothing before it is used.

    Threads share it. A forked child gets connections of its own.

    Args:
        url: SQLAlchemy's URL: ``sqlite:///FILE`` or ``postgresql://...``.
        lock_seconds: How long a lock of another is waited for.

    Raises:
        UsageError: The URL names no durable store that is known.
    """

    def __init__(self, url: str, *, lock_seconds: float = 2.0) -> None:
        self._url = parse_url(url)
        self._lock_seconds = lock_seconds
        self._opened = PerProcess(self._open)
        self._marks = PerProcess(self._open_marks)

    @property
    def place(self) -> str:
        """The store's URL without its password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """The SQLite file, or ``None`` for PostgreSQL."""
        return sqlite_file(self._url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection on which every statement is a transaction of its own.

        Raises:
            StoreUnavailable: The store is out of reach.
            StoreOutdatedError: It is absent or its tables are not those of this code.
        """
        with self._faults_named(), self._opened.get().engine.connect() as connection:
            yield connection

    def rows(self, statement: Compilable, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return what one reading statement finds, at a fifth of the cost of `read`.

        Args:
            statement: It is turned into the driver's SQL once.
            parameters: What it binds, in types that the driver takes as they are.

        Raises:
            StoreUnavailable: The store is out of reach.
            StoreOutdatedError: It is absent or its tables are not those of this code.
        """
        with self._faults_named():
            opened = self._opened.get()
            sql, positions = opened.sql_of(statement)
            bound = parameters if positions is None else tuple(parameters[p] for p in positions)
            connection = opened.borrow()
            try:
                # Both drivers' connections execute, beyond what DB-API asks of them.
                found: list[tuple[Any, ...]] = connection.driver_connection.execute(  # type: ignore[union-attr]
                    sql, bound
                ).fetchall()
            except BaseException:
                connection.close()
                raise
            opened.give_back(connection)
            return found

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a connection on which every statement sees the store as it is at one moment.

        Raises:
            StoreUnavailable: The store is out of reach.
            StoreOutdatedError: It is absent or its tables are not those of this code.
        """
        with self.read() as connection:
            sqlite = connection.dialect.name == "sqlite"
            isolation = "" if sqlite else " ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            connection.exec_driver_sql(f"BEGIN{isolation}")
            yield connection

    @contextmanager
    def write(self, users: Iterable[int] | None = None) -> Iterator[tuple[Connection, int]]:
        """Give a connection that holds the store's write lock, and the last number given.

        The body is one transaction, durable when the ``with`` statement has ended.

        Args:
            users: Whose history it may change; everyone's unless given.

        Raises:
            StoreUnavailable: The store is locked for too long, full, or out of reach.
            StoreOutdatedError: It is absent or its tables are not those of this code.
        """
        with self._faults_named(), self._opened.get().engine.connect() as connection:
            marks = self._marks_to_write()
            begin(connection, lock_seconds=self._lock_seconds)
            last = connection.execute(select(counter.c.last).with_for_update()).scalar_one()
            yield connection, last
            connection.commit()
            if marks is not None:
                marks.change(users)

    def marks(self) -> ChangeMarks | None:
        """Return the marks of changes, or ``None`` where the store must be asked.

        PostgreSQL has none, and who may not write to a SQLite store's folder cannot share them.
        """
        try:
            return self._marks.get()
        except OSError:
            return None

    def close(self) -> None:
        """Close this process's connections; the next use opens them again."""
        opened = self._opened.take()
        if opened is not None:
            opened.close()

    def _marks_to_write(self) -> ChangeMarks | None:
        try:
            return self._marks.get()
        except OSError as error:
            problem = f"its marks of changes cannot be written ({error.strerror})"
            raise StoreUnavailable(
                problem, place=self.place, retry_after_seconds=_SLOW_TO_MEND
            ) from error

    def _open_marks(self) -> ChangeMarks | None:
        if self.file is None:
            return None
        return ChangeMarks.open(self.file.with_name(f"{self.file.name}-marks"))

    def _open(self) -> _Opened:
        if self.file is not None and not self.file.exists():
            raise StoreOutdatedError(
                "there is no event store", place=self.place, remedy=f"{_MIGRATE}."
            )
        engine = make_engine(self._url, lock_seconds=self._lock_seconds)
        with engine.connect() as connection:
            require_revision(connection, self.place)
        return _Opened(engine)

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeoutError as error:
            raise StoreUnavailable("all its connections are in use", place=self.place) from error
        except DATABASE_ERRORS as error:
            fault = fault_of(error, self.place)
            if fault is None:
                raise
            raise fault from error


class _Opened:
    """One process's pool, and the statements turned into its driver's SQL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sql: dict[Compilable, tuple[str, list[str] | None]] = {}
        # SQLite's connections cannot die, so those that read are kept out of the pool, whose
        # book-keeping takes longer than the reading.
        self._readers: deque[PoolProxiedConnection] = deque()

    def borrow(self) -> PoolProxiedConnection:
        """Return a connection that nobody else uses."""
        try:
            return self._readers.pop()
        except IndexError:
            return self.engine.raw_connection()

    def give_back(self, connection: PoolProxiedConnection) -> None:
        """Let others use a connection on which nothing failed."""
        if self.engine.dialect.name == "sqlite":
            self._readers.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close every connection that is not in use."""
        while self._readers:
            self._readers.pop().close()
        self.engine.dispose()

    def sql_of(self, statement: Compilable) -> tuple[str, list[str] | None]:
        """Return the SQL, and the names of its parameters by position where they have positions."""
        known = self._sql.get(statement)
        if known is None:
            compiled = statement.compile(dialect=self.engine.dialect)
            known = self._sql[statement] = str(compiled), compiled.positiontup
        return known


def parse_url(url: str) -> URL:
    """Return the URL with its driver.

    Raises:
        UsageError: It names neither a SQLite file nor PostgreSQL.
    """
    remedy = "Use sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME."
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError("EVENTS_URL is not a URL", remedy=remedy) from error
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    if kind in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    shown = parsed.render_as_string(hide_password=True)
    raise UsageError("names no durable event store", place=shown, remedy=remedy)


def sqlite_file(url: URL) -> Path | None:
    """Return the file of a SQLite URL, or ``None``."""
    if url.get_backend_name() != "sqlite" or url.database is None:
        return None
    return Path(url.database)


def make_engine(url: URL, *, lock_seconds: float) -> Engine:
    """Return an engine without open connections; each statement commits unless `begin` was called.

    Args:
        url: What `parse_url` gave.
        lock_seconds: How long a lock of another is waited for.
    """
    arguments: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_timeout": lock_seconds}
    arguments |= {"pool_size": _SIZE, "max_overflow": _MOST_OVERFLOW}
    if sqlite_file(url) is not None:
        arguments["connect_args"] = {"timeout": lock_seconds, "check_same_thread": False}
        engine = create_engine(url, **arguments)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    options = {
        "lock_timeout": int(lock_seconds * 1000),
        "statement_timeout": 60_000,
        "idle_in_transaction_session_timeout": 60_000,
        "synchronous_commit": "on",
        "timezone": "UTC",
    }
    arguments["connect_args"] = {
        "connect_timeout": max(2, round(lock_seconds)),
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
    }
    # After a restart of the server the pool's connections are dead.
    return create_engine(url, pool_pre_ping=True, **arguments)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL").close()
    connection.execute("PRAGMA synchronous=FULL").close()
    # What is erased leaves the file, not only the tables.
    connection.execute("PRAGMA secure_delete=ON").close()


def begin(connection: Connection, *, lock_seconds: float) -> None:
    """Begin a transaction that writes; in SQLite it takes the write lock at once.

    Args:
        connection: Of an engine that `make_engine` made.
        lock_seconds: How long a lock of another is waited for; PostgreSQL knows it already.
    """
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite itself looks ever more rarely for the lock, up to ten times a second, so that of two
    # busy processes one would starve.
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    deadline = time.monotonic() + lock_seconds
    try:
        while not _has_begun(connection, last_try=time.monotonic() >= deadline):
            time.sleep(_LOCK_POLL_SECONDS)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(lock_seconds * 1000)}")


def _has_begun(connection: Connection, *, last_try: bool) -> bool:
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last_try or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def revision_of(connection: Connection) -> str | None:
    """Return the revision of the store's tables, or ``None`` where there are none."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def require_revision(connection: Connection, place: str) -> None:
    """Check that the tables are those of this code.

    Raises:
        StoreOutdatedError: They are not.
    """
    found = revision_of(connection)
    if found is None:
        raise StoreOutdatedError("the store has no tables", place=place, remedy=f"{_MIGRATE}.")
    if found != REVISION:
        raise StoreOutdatedError(
            f"the store's tables are of another revision than {REVISION}, which this code needs",
            place=place,
            value=found,
            remedy=f"{_MIGRATE}; if the store is newer than the code, update the code.",
        )


def fault_of(error: Exception, place: str) -> StoreUnavailable | None:
    """Return the error to answer with, or ``None`` where the statement itself was wrong.

    Args:
        error: One of `DATABASE_ERRORS`.
        place: The store, without its password.
    """
    if isinstance(error, DBAPIError):
        return None if error.orig is None else fault_of(cast(Exception, error.orig), place)
    if isinstance(error, sqlite3.Error):
        # The low byte is the kind, the rest its details.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if code not in _SQLITE_FAULTS:
            return None
        wait = 1 if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) else _SLOW_TO_MEND
        return StoreUnavailable(_SQLITE_FAULTS[code], place=place, retry_after_seconds=wait)
    if isinstance(
        error, psycopg.OperationalError | psycopg.InterfaceError | ReadOnlySqlTransaction
    ):
        return StoreUnavailable(
            f"PostgreSQL cannot store or read now ({error.sqlstate or 'no connection'})",
            place=place,
            retry_after_seconds=1 if isinstance(error, LockNotAvailable) else _SLOW_TO_MEND,
        )
    return None
