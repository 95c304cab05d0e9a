"""Brings the tables of an event store to the revision of this code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from events.database import (
    DATABASE_ERRORS,
    begin,
    fault_of,
    make_engine,
    parse_url,
    revision_of,
    sqlite_file,
)
from events.errors import StoreOutdatedError
from events.tables import REVISION

_MIGRATIONS = Path(__file__).with_name("migrations")
#: A migration holds the store's lock for as long as it takes.
_WAIT_SECONDS = 60.0
#: PostgreSQL's advisory lock of migrations; any number that nobody else takes.
_LOCK = 7_305_021_964


def migrate(url: str) -> str | None:
    """Bring the store to this code's revision, all of it or nothing.

    Args:
        url: SQLAlchemy's URL; a SQLite file is made where there is none.

    Returns:
        The revision it had, or ``None`` where it had no tables.

    Raises:
        UsageError: The URL names no store that is known.
        StoreOutdatedError: The store is of a revision that this code does not know.
        StoreUnavailable: The store is locked, full or out of reach.
    """
    parsed = parse_url(url)
    file = sqlite_file(parsed)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    place = parsed.render_as_string(hide_password=True)
    engine = make_engine(parsed, lock_seconds=_WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            return _upgrade(connection, place)
    except DATABASE_ERRORS as error:
        fault = fault_of(error, place)
        if fault is None:
            raise
        raise fault from error
    finally:
        engine.dispose()


def known_revisions() -> list[str]:
    """Return every revision that this code knows, the latest first."""
    return [script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()]


def _upgrade(connection: Connection, place: str) -> str | None:
    begin(connection, lock_seconds=_WAIT_SECONDS)
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    before = revision_of(connection)
    if before is not None and before not in known_revisions():
        raise StoreOutdatedError(
            "the store's tables are of a revision that this code does not know",
            place=place,
            value=before,
            remedy="Update the code.",
        )
    if before != REVISION:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(_MIGRATIONS))
        command.upgrade(config, REVISION)
    connection.commit()
    return before
