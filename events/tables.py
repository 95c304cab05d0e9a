"""The tables of the event store, for SQLite and PostgreSQL alike.

Every writing transaction first locks the one row of ``counter``, so numbers are given in the order
of commits: who has read up to number *n* has missed nothing below it, whichever process wrote it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

#: Alembic's name of the revision that this code reads and writes.
REVISION = "0001"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An instant: ``timestamptz`` in PostgreSQL, microseconds since 1970 in SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Return the column's type in a database."""
        kind: TypeEngine[Any] = TIMESTAMP(timezone=True) if _has_times(dialect) else BigInteger()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        """Return what is stored for an instant."""
        if value is None or _has_times(dialect):
            return value
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(
        self,
        value: datetime | int | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy passes it
    ) -> datetime | None:
        """Return the instant that is stored, in UTC."""
        if isinstance(value, int):
            return _EPOCH + value * _MICROSECOND
        return None if value is None else value.astimezone(UTC)


def _has_times(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


metadata = MetaData()

#: One row: the last number given.
counter = Table(
    "counter",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

#: What users did, each once, in the order in which it was stored.
events = Table(
    "events",
    metadata,
    # Plain INTEGER makes it SQLite's row id, which BIGINT would not.
    Column(
        "sequence",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("event_id", String(128), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("movie_id", BigInteger, nullable=False),
    Column("value", Float(53)),
    Column("recommendation_id", String(128)),
    Column("position", Integer),
    # Whether it changes the user's history: neither an impression nor a click does.
    Column("in_history", Boolean, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Index("events_event_id", "event_id", unique=True),
    Index("events_of_user", "user_id", "in_history", "sequence"),
)

#: Every list that was shown; the request and the items are JSON.
served = Table(
    "served",
    metadata,
    Column("recommendation_id", String(128), primary_key=True),
    Column("served_at", UtcTime, nullable=False),
    Column("user_id", BigInteger),
    Column("model_version", String(128)),
    Column("bundle_digest", String(64)),
    Column("request", Text, nullable=False),
    Column("watermark", BigInteger, nullable=False),
    Column("items", Text, nullable=False),
    Index("served_of_user", "user_id", "served_at"),
    Index("served_by_time", "served_at"),
)

#: Who asked to be forgotten. The number stands for the erasure in the user's history.
erasures = Table(
    "erasures",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("erased_at", UtcTime, nullable=False),
)
