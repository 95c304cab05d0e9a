"""Backups: a SQLite file with the same tables, from any store and into any store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from events.database import Database
from events.migrate import migrate
from events.tables import counter, erasures, events, served
from recommender.errors import UsageError

_TABLES = (events, served, erasures)
_AT_ONCE = 5000


def back_up(database: Database, file: Path) -> dict[str, int]:
    """Write all that is stored, as it is at one moment, while others go on writing.

    Args:
        database: The store.
        file: A new file; it appears when it is complete.

    Returns:
        Rows by table.

    Raises:
        UsageError: The file exists.
        StoreUnavailable: The store or the file cannot be read or written.
    """
    if file.exists():
        raise UsageError("the file exists", place=str(file), remedy="Name a new file.")
    work = file.with_name(f".{file.name}.part")
    work.unlink(missing_ok=True)
    url = f"sqlite:///{work}"
    migrate(url)
    copy = Database(url)
    with database.snapshot() as source:
        counts = _copy(source, copy)
    # The last connection leaves the whole of it in the one file.
    copy.close()
    work.replace(file)
    return counts


def restore(file: Path, database: Database) -> dict[str, int]:
    """Put a backup into an empty store, of whatever kind; all of it or nothing.

    Args:
        file: What `back_up` wrote.
        database: The store, with tables and without rows.

    Returns:
        Rows by table.

    Raises:
        UsageError: There is no such backup, or the store is not empty.
        StoreUnavailable: The store cannot be written.
    """
    if not file.exists():
        raise UsageError("there is no such file", place=str(file))
    backup = Database(f"sqlite:///{file}")
    try:
        with backup.snapshot() as source:
            return _copy(source, database)
    finally:
        backup.close()


def row_counts(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _TABLES
    }


def _copy(source: Connection, target: Database) -> dict[str, int]:
    last = source.execute(select(counter.c.last)).scalar_one()
    with target.write() as (connection, before):
        if before or any(row_counts(connection).values()):
            raise UsageError(
                "the store is not empty",
                place=target.place,
                remedy="Restore into a new store: EVENTS_URL=... python -m events migrate.",
            )
        for table in _TABLES:
            for rows in _chunks(source, table):
                connection.execute(table.insert(), rows)
        connection.execute(counter.update().values(last=last))
        return row_counts(connection)


def _chunks(source: Connection, table: Table) -> Iterator[Sequence[dict[str, Any]]]:
    found = source.execute(select(table)).yield_per(_AT_ONCE)
    for rows in found.partitions():
        yield [row._asdict() for row in rows]
