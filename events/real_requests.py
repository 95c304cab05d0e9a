"""What real visitors asked for lately, to be asked again of another model."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from events.address import events_url
from events.store import EventStore
from events.tables import served
from recommender.evaluation.shadow import RealRequest

#: Fields of a request that narrow a list down; such lists say little of the model.
_NARROWING = ("genres", "year_from", "year_to", "exclude_ids", "similar_to")
_DAY = timedelta(days=1)


def recent_requests(store: EventStore, now: datetime, most: int) -> tuple[RealRequest, ...]:
    """Return requests of the last day, spread over it, each with its history of then.

    Args:
        store: The store.
        now: The end of the day, with its zone.
        most: How many.

    Raises:
        StoreUnavailable: The store is out of reach.
        StoreOutdatedError: It is absent or its tables are not those of this code.
    """
    when = served.c.served_at
    names = select(served.c.recommendation_id).where(when >= now - _DAY).order_by(when)
    with store.database.read() as connection:
        found = list(connection.execute(names).scalars())
    step = max(-(-len(found) // most), 1)
    requests = (_request(store, name) for name in found[::step])
    return tuple(request for request in requests if request is not None)


def requests_of_last_day(most: int) -> tuple[RealRequest, ...]:
    """Return `recent_requests` of the store that `events_url` names."""
    with closing(EventStore(events_url())) as store:
        return recent_requests(store, datetime.now(UTC), most)


def _request(store: EventStore, recommendation_id: str) -> RealRequest | None:
    """Return what was asked for, ``None`` where the list was narrowed down or is gone."""
    shown = store.served(recommendation_id)
    if shown is None or any(shown.request.get(name) for name in _NARROWING):
        return None
    k = int(shown.request["k"])
    if shown.user_id is None:
        asked = shown.request
        movies, ratings = tuple(asked.get("movie_ids", ())), tuple(asked.get("ratings", ()))
        return RealRequest(None, k, movies, ratings)
    history = store.history(shown.user_id, up_to=shown.watermark)
    user_id = None if history.erased else shown.user_id
    return RealRequest(user_id, k, history.movie_ids, history.ratings)
