"""What was shown in some span of time, and what users did with it afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from events.schema import EventKind
from events.store import EventStore
from events.tables import counter, events, served

#: Kinds that say what a user made of a movie.
LABELS = (
    *(EventKind.CLICK, EventKind.WATCH, EventKind.RATING),
    *(EventKind.LIKE, EventKind.NOT_INTERESTED),
)
_AT_ONCE = 20_000


@dataclass(frozen=True)
class ShownList:
    """A list that was shown.

    Attributes:
        recommendation_id: Its id.
        time: When, in seconds since 1970.
        user_id: To whom, or ``None``.
        model: Digest of the bundle that made it, or ``None``.
        movie_ids: What stands in each place.
        request: What was asked for, as `events.records.ServedList` has it.
    """

    recommendation_id: str
    time: float
    user_id: int | None
    model: str | None
    movie_ids: tuple[int, ...]
    request: dict[str, object]


@dataclass(frozen=True)
class Label:
    """What a user did with a movie of a list.

    Attributes:
        recommendation_id: Of the list.
        time: When it was received, in seconds since 1970.
        kind: What was done.
        user_id: By whom.
        movie_id: With which movie.
        value: Stars or minutes, or ``None``.
    """

    recommendation_id: str
    time: float
    kind: str
    user_id: int
    movie_id: int
    value: float | None


def shown_lists(
    store: EventStore, start: float, end: float, most: int
) -> tuple[list[ShownList], set[str]]:
    """Return lists shown from ``start`` until before ``end``, and the ids of all of them.

    Args:
        store: The store.
        start: Seconds since 1970.
        end: The same.
        most: Of more lists every second, third and so on is returned.

    Raises:
        StoreUnavailable: The store is out of reach.
        StoreOutdatedError: It is absent or its tables are not those of this code.
    """
    when = served.c.served_at
    query = (
        select(
            *(served.c.recommendation_id, when, served.c.user_id, served.c.bundle_digest),
            *(served.c["items"], served.c.request),
        )
        .where(when >= _utc(start), when < _utc(end))
        .order_by(when, served.c.recommendation_id)
    )
    with store.database.read() as connection:
        found = connection.execute(query).all()
    step = -(-len(found) // most) if most else 1
    lists = [
        ShownList(
            row[0],
            row[1].timestamp(),
            row[2],
            row[3],
            tuple(item["movie_id"] for item in json.loads(row[4])),
            json.loads(row[5]),
        )
        for row in found[:: max(step, 1)]
    ]
    return lists, {row[0] for row in found}


def labels_since(store: EventStore, start: float) -> Iterator[Label]:
    """Yield what was received from ``start`` on and names the list on which it was done.

    Args:
        store: The store.
        start: Seconds since 1970.

    Raises:
        StoreUnavailable: The store is out of reach.
        StoreOutdatedError: It is absent or its tables are not those of this code.
    """
    with store.database.read() as connection:
        first = _first_since(connection, _utc(start))
        query = (
            select(
                *(events.c.recommendation_id, events.c.received_at, events.c.kind),
                *(events.c.user_id, events.c.movie_id, events.c.value),
            )
            .where(
                events.c.sequence >= first,
                events.c.recommendation_id.is_not(None),
                events.c.kind.in_([kind.value for kind in LABELS]),
            )
            .order_by(events.c.sequence)
        )
        for row in connection.execute(query).yield_per(_AT_ONCE):
            yield Label(row[0], row[1].timestamp(), *row[2:])


def _first_since(connection: Connection, start: datetime) -> int:
    """Return the number from which events were received since ``start``.

    Numbers and times of receipt rise together, as long as the clock does.
    """
    low, high = 1, (connection.execute(select(counter.c.last)).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        query = (
            select(events.c.received_at)
            .where(events.c.sequence >= middle)
            .order_by(events.c.sequence)
            .limit(1)
        )
        received = connection.execute(query).scalar()
        if received is not None and received < start:
            low = middle + 1
        else:
            high = middle
    return low


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
