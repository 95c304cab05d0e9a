"""What training takes from the store: the last rating of each movie, and whom to forget.

A like says nothing of stars, so it becomes no rating: it is counted, and the server folds it into
the lists of its user.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from events.address import events_url
from events.schema import EventKind
from events.store import EventStore
from events.tables import erasures, events
from recommender.data.additions import Additions
from recommender.data.ingest import EventsRequest

_RATED = (EventKind.RATING.value, EventKind.UNRATING.value)
_LIKED = (EventKind.LIKE.value, EventKind.UNLIKE.value)
_AT_ONCE = 10_000


@dataclass(frozen=True)
class SiteData:
    """What the store has for training.

    Attributes:
        additions: Ratings, withdrawn ratings, and users to forget.
        until: Number of the last event or erasure that was looked at; 0 if none.
        likes: Movies liked and not rated, which are not among the ratings.
    """

    additions: Additions
    until: int
    likes: int


def read_site_data(store: EventStore, *, until: int | None = None) -> SiteData:
    """Read the store for training.

    A rating's time is the client's, but never after its receipt; which is the last, the store's
    order says.

    Args:
        store: The store.
        until: A number that an earlier reading gave: events after it are left out, so that both
            find the same. Erasures count always.

    Raises:
        StoreUnavailable: The store is out of reach.
        StoreOutdatedError: It is absent or its tables are not those of this code.
    """
    with store.database.snapshot() as connection:
        last = _last(connection) if until is None else until
        opinions = _last_of_each(connection, _RATED, last)
        likes = _last_of_each(connection, _LIKED, last)
        forgotten = connection.execute(select(erasures.c.user_id)).scalars().all()
    rated = {pair: row for pair, row in opinions.items() if row[0] == EventKind.RATING}
    liked = {pair for pair, row in likes.items() if row[0] == EventKind.LIKE}
    return SiteData(
        additions=_additions(rated, opinions.keys() - rated.keys(), tuple(sorted(forgotten))),
        until=last,
        likes=len(liked - rated.keys()),
    )


def site_additions(request: EventsRequest | None) -> Additions | None:
    """Return what a run asked for of the store that `events_url` names, ``None`` for nothing.

    Raises:
        StoreUnavailable: The store is out of reach.
        StoreOutdatedError: It is absent or its tables are not those of this code.
    """
    if request is None:
        return None
    with closing(EventStore(events_url())) as store:
        return read_site_data(store, until=request.until).additions


Pair = tuple[int, int]
#: Kind, value and time.
Opinion = tuple[str, float | None, datetime]


def _last(connection: Connection) -> int:
    """Return the number of the last event or erasure that bears on training."""
    rated = select(func.max(events.c.sequence)).where(events.c.kind.in_(_RATED + _LIKED))
    erased = select(func.max(erasures.c.sequence))
    return max(connection.execute(query).scalar() or 0 for query in (rated, erased))


def _last_of_each(
    connection: Connection, kinds: tuple[str, ...], until: int
) -> dict[Pair, Opinion]:
    """Return the last word of each user on each movie."""
    query = (
        select(
            *(events.c.user_id, events.c.movie_id, events.c.kind, events.c.value),
            *(events.c.occurred_at, events.c.received_at),
        )
        .where(events.c.kind.in_(kinds), events.c.sequence <= until)
        .order_by(events.c.sequence)
    )
    found: dict[Pair, Opinion] = {}
    for row in connection.execute(query).yield_per(_AT_ONCE):
        found[row.user_id, row.movie_id] = (
            row.kind,
            row.value,
            min(row.occurred_at, row.received_at),
        )
    return found


def _additions(
    rated: dict[Pair, Opinion], withdrawn: set[Pair], forgotten: tuple[int, ...]
) -> Additions:
    rows: list[tuple[Any, ...]] = [
        (*pair, value, int(time.timestamp())) for pair, (_, value, time) in sorted(rated.items())
    ]
    gone = sorted(withdrawn)
    return Additions(
        user_ids=np.array([row[0] for row in rows], dtype=np.int64),
        movie_ids=np.array([row[1] for row in rows], dtype=np.int64),
        ratings=np.array([row[2] for row in rows], dtype=np.float64),
        timestamps=np.array([row[3] for row in rows], dtype=np.int64),
        withdrawn_users=np.array([pair[0] for pair in gone], dtype=np.int64),
        withdrawn_movies=np.array([pair[1] for pair in gone], dtype=np.int64),
        forgotten=forgotten,
    )
