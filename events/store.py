"""The event store: what is acknowledged here is durable, once, and in one order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Row,
    Table,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from events.database import Database
from events.errors import StoreOutdatedError, StoreUnavailable
from events.history import fold
from events.records import (
    Appended,
    Erased,
    ServedList,
    UserHistory,
    UserRecord,
    as_json,
)
from events.schema import PASSING, Event, EventKind
from events.tables import UtcTime, counter, erasures, events, served
from events.watermarks import Watermarks

__all__ = ["EventStore", "StoreOutdatedError", "StoreUnavailable"]

#: Ids in one question to the database.
_IDS_AT_ONCE = 500
#: Rows that one statement inserts, so that there are few statements to prepare.
_ROWS_TOGETHER = (64, 16, 4, 1)
#: Stands for an erasure among the kinds of events.
_ERASURE = "erasure"
_LARGEST_NUMBER = 2**63 - 1

_EVENT_FIELDS = tuple(
    events.c[name]
    for name in (
        *("event_id", "kind", "user_id", "movie_id"),
        *("occurred_at", "value", "recommendation_id", "position"),
    )
)
_OF_USER = (events.c.user_id == bindparam("user_id")) & events.c.in_history.is_(True)
_ERASURE_OF_USER = erasures.c.user_id == bindparam("user_id")
_NUMBERS = union_all(
    select(func.max(events.c.sequence).label("sequence")).where(_OF_USER),
    select(erasures.c.sequence).where(_ERASURE_OF_USER),
).subquery()
_WATERMARK = select(func.max(_NUMBERS.c.sequence))
# One statement, so that an erasure falls before all of it or after all of it.
_HISTORY = union_all(
    select(events.c.sequence, events.c.kind, events.c.movie_id, events.c.value).where(
        _OF_USER, events.c.sequence <= bindparam("up_to")
    ),
    select(
        erasures.c.sequence,
        literal_column(f"'{_ERASURE}'"),
        literal_column("0"),
        cast(null(), events.c.value.type),
    ).where(_ERASURE_OF_USER, erasures.c.sequence <= bindparam("up_to")),
).order_by("sequence")
_BY_ID = select(events.c.sequence, *_EVENT_FIELDS).where(
    events.c.event_id.in_(bindparam("ids", expanding=True))
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class EventStore:
    """Events, served lists and erasures in SQLite or PostgreSQL.

    It opens nothing before it is used; threads share it, and a forked child has connections of
    its own.

    Args:
        url: SQLAlchemy's URL: ``sqlite:///FILE`` or ``postgresql://...``.
        lock_seconds: How long a locked store is waited for.
        clock: Says when something is received; order does not depend on it.

    Raises:
        UsageError: The URL names no durable store that is known.

    Every other method raises `StoreUnavailable` where the store is locked for too long, full or
    out of reach, and `StoreOutdatedError` where it is absent or has other tables than this code's.
    """

    def __init__(
        self, url: str, *, lock_seconds: float = 2.0, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        self.database = Database(url, lock_seconds=lock_seconds)
        self._clock = clock
        self._watermarks = Watermarks(self._read_watermark, self.database.marks)

    def append(self, batch: Sequence[Event]) -> Appended:
        """Store events in one transaction; they are durable on return.

        An event whose id is stored already changes nothing.
        """
        return self.append_groups([batch])[0]

    def append_groups(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        """Store the events of several requests in one transaction, and say what came of each.

        Of two events with one id, also within a request, the first is stored.
        """
        firsts: dict[str, Event] = {}
        for event in (event for group in groups for event in group):
            firsts.setdefault(event.event_id, event)
        if not firsts:
            return [Appended(0, 0)] * len(groups)
        changed = {event.user_id for event in firsts.values() if event.kind not in PASSING}
        with self.database.write(changed) as (connection, last):
            before = self._insert_events(connection, list(firsts.values()), last)
        return _answers(groups, before)

    def watermark(self, user_id: int) -> int:
        """Return the number of the last event or erasure that counts in a user's history.

        It rises with every change of the history, whichever process made it; 0 without any.
        """
        return self._watermarks.of(user_id)

    def history(self, user_id: int, *, up_to: int | None = None) -> UserHistory:
        """Return what a user's events come to.

        Args:
            user_id: Whose.
            up_to: A watermark: the history as it was then, as far as it was not erased since.
        """
        asked = {"user_id": user_id, "up_to": _LARGEST_NUMBER if up_to is None else up_to}
        rows = self.database.rows(_HISTORY, asked)
        erased = [row[0] for row in rows if row[1] == _ERASURE]
        left = ((row[0], row[1], row[2], row[3]) for row in rows if row[1] != _ERASURE)
        return fold(user_id, left, erased_at=max(erased, default=None))

    def record_served(self, lists: Sequence[ServedList]) -> None:
        """Keep lists that were shown, in one transaction.

        A list that was made before its user was erased is not kept: it was on its way meanwhile.
        """
        if not lists:
            return
        with self.database.write(()) as (connection, _):
            gone = _erasure_numbers(connection, {item.user_id for item in lists})
            rows = [
                _served_row(item, _stored_time(connection, item.served_at))
                for item in lists
                if item.watermark >= gone.get(item.user_id, 0)
            ]
            if rows:
                _insert_new(connection, served, "recommendation_id", rows)

    def served(self, recommendation_id: str) -> ServedList | None:
        """Return a list that was shown, or ``None``."""
        query = select(served).where(served.c.recommendation_id == recommendation_id)
        with self.database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _served_list(row)

    def forget_served(self, before: datetime, *, most: int) -> int:
        """Remove lists that were shown before some time, and return how many.

        Args:
            before: The time.
            most: Lists that are removed at once, while nobody else can store anything.
        """
        old = select(served.c.recommendation_id).where(served.c.served_at < before)
        some = old.order_by(served.c.served_at).limit(most)
        with self.database.write(()) as (connection, _):
            gone = delete(served).where(served.c.recommendation_id.in_(some))
            return connection.execute(gone).rowcount

    def user(self, user_id: int) -> UserRecord:
        """Return all that is stored of a user."""
        done = select(*_EVENT_FIELDS).where(events.c.user_id == user_id).order_by(events.c.sequence)
        shown = select(served).where(served.c.user_id == user_id)
        shown = shown.order_by(served.c.served_at, served.c.recommendation_id)
        erased = select(erasures.c.erased_at).where(erasures.c.user_id == user_id)
        with self.database.snapshot() as connection:
            return UserRecord(
                user_id=user_id,
                events=tuple(_event(row) for row in connection.execute(done)),
                served=tuple(_served_list(row) for row in connection.execute(shown)),
                erased_at=connection.execute(erased).scalar(),
            )

    def erase(self, user_id: int) -> Erased:
        """Remove all that is stored of a user, and remember that they asked for it.

        What arrives later is a new beginning; what the base data holds of the user is left out of
        every later training.
        """
        now = self._clock()
        with self.database.write((user_id,)) as (connection, last):
            number = last + 1
            n_events = connection.execute(delete(events).where(events.c.user_id == user_id))
            n_served = connection.execute(delete(served).where(served.c.user_id == user_id))
            connection.execute(delete(erasures).where(erasures.c.user_id == user_id))
            row = {"user_id": user_id, "sequence": number, "erased_at": now}
            connection.execute(erasures.insert(), row)
            _set_last(connection, number)
        return Erased(user_id, n_events.rowcount, n_served.rowcount, now)

    def erased_users(self) -> tuple[int, ...]:
        """Return who has asked to be erased, rising."""
        with self.database.read() as connection:
            query = select(erasures.c.user_id).order_by(erasures.c.user_id)
            return tuple(connection.execute(query).scalars())

    def check(self) -> None:
        """Do nothing where the store answers, for readiness."""
        with self.database.read() as connection:
            connection.execute(select(counter.c.last)).scalar_one()

    def close(self) -> None:
        """Close this process's connections; the next use opens them again."""
        self.database.close()

    def _read_watermark(self, user_id: int) -> int:
        return self.database.rows(_WATERMARK, {"user_id": user_id})[0][0] or 0

    def _insert_events(
        self, connection: Connection, batch: list[Event], last: int
    ) -> dict[str, Event]:
        """Store what is new and return by id the events that were stored before."""
        now = self._clock()
        received = _stored_time(connection, now)
        rows = [
            _event_row(event, last + n, _stored_time(connection, event.occurred_at), received)
            for n, event in enumerate(batch, start=1)
        ]
        n_new = _insert_new(connection, events, "event_id", rows)
        if n_new:
            _set_last(connection, last + len(rows))
        if n_new == len(rows):
            return {}
        return {
            row.event_id: _event(row[1:])
            for row in _stored(connection, [event.event_id for event in batch])
            if row.sequence <= last
        }


def _answers(groups: Sequence[Sequence[Event]], before: Mapping[str, Event]) -> list[Appended]:
    """Return what came of each request, given the events that were stored before."""
    known = dict(before)
    answers = []
    for group in groups:
        accepted, conflicts = 0, []
        for event in group:
            if event.event_id not in known:
                known[event.event_id] = event
                accepted += 1
            elif known[event.event_id] != event:
                conflicts.append(event.event_id)
        duplicates = len(group) - accepted - len(conflicts)
        answers.append(Appended(accepted, duplicates, tuple(conflicts)))
    return answers


def _stored(connection: Connection, ids: Sequence[str]) -> Iterator[Row[Any]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield from connection.execute(_BY_ID, {"ids": ids[start : start + _IDS_AT_ONCE]})


def _erasure_numbers(connection: Connection, users: Iterable[int | None]) -> dict[int | None, int]:
    known = [user for user in users if user is not None]
    numbers: dict[int | None, int] = {}
    for start in range(0, len(known), _IDS_AT_ONCE):
        some = known[start : start + _IDS_AT_ONCE]
        query = select(erasures.c.user_id, erasures.c.sequence).where(erasures.c.user_id.in_(some))
        numbers |= {row.user_id: row.sequence for row in connection.execute(query)}
    return numbers


def _insert_new(
    connection: Connection, table: Table, key: str, rows: Sequence[tuple[Any, ...]]
) -> int:
    """Insert rows whose ``key`` is not there yet and return how many there were.

    Args:
        connection: In a transaction that writes.
        table: Where to.
        key: Name of a unique column.
        rows: Values of all columns in the order of the table, in types that the driver takes.
    """
    if connection.dialect.name != "sqlite":
        sql = _insert_sql(connection.dialect.name, table, key, 1)
        return connection.exec_driver_sql(sql, list(rows)).rowcount
    # Many rows in one statement: the driver lets go of the interpreter for each statement, and
    # would wait for the threads that answer to get it back for each row.
    n_new, start = 0, 0
    while start < len(rows):
        together = next(size for size in _ROWS_TOGETHER if size <= len(rows) - start)
        sql = _insert_sql("sqlite", table, key, together)
        values = tuple(chain.from_iterable(rows[start : start + together]))
        n_new += connection.exec_driver_sql(sql, values).rowcount
        start += together
    return n_new


@cache
def _insert_sql(dialect: str, table: Table, key: str, n_rows: int) -> str:
    kind = sqlite if dialect == "sqlite" else postgresql
    makes: Callable[..., Dialect] = kind.dialect
    statement = kind.insert(table).on_conflict_do_nothing(index_elements=[key])
    # The marks that the drivers take for values by their place.
    style = "qmark" if kind is sqlite else "format"
    sql = str(statement.compile(dialect=makes(paramstyle=style)))
    row = f"({', '.join(['?'] * len(table.columns))})"
    return sql.replace(row, ", ".join([row] * n_rows)) if n_rows > 1 else sql


def _stored_time(connection: Connection, time: datetime) -> datetime | int | None:
    return UtcTime().process_bind_param(time, connection.dialect)


def _set_last(connection: Connection, number: int) -> None:
    connection.execute(counter.update().values(last=number))


def _event_row(event: Event, sequence: int, occurred: Any, received: Any) -> tuple[Any, ...]:
    """Return the columns of `events`, in their order."""
    return (
        sequence,
        event.event_id,
        event.kind.value,
        event.user_id,
        event.movie_id,
        event.value,
        event.recommendation_id,
        event.position,
        event.kind not in PASSING,
        occurred,
        received,
    )


def _event(row: Sequence[Any]) -> Event:
    event_id, kind, *rest = row
    return Event(event_id, EventKind(kind), *rest)


def _served_row(shown: ServedList, served_at: Any) -> tuple[Any, ...]:
    """Return the columns of `served`, in their order."""
    return (
        shown.recommendation_id,
        served_at,
        shown.user_id,
        shown.model_version,
        shown.bundle_digest,
        as_json(shown.request),
        shown.watermark,
        as_json(shown.items),
    )


def _served_list(row: Row[Any]) -> ServedList:
    fields = row._asdict()
    fields |= {"request": json.loads(row.request), "items": json.loads(fields["items"])}
    return ServedList(**fields)
