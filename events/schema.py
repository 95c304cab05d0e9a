"""What visitors do: kinds of events, and one event with its checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What a visitor did with a movie.

    ``value`` of an event is the stars of a rating and the minutes of a watch, and nothing for the
    others. A later ``like``, ``not-interested`` or ``watchlist`` is undone by its ``un-`` kind.
    """

    IMPRESSION = "impression"
    CLICK = "click"
    WATCH = "watch"
    RATING = "rating"
    UNRATING = "unrating"
    LIKE = "like"
    UNLIKE = "unlike"
    NOT_INTERESTED = "not-interested"
    INTERESTED = "interested"
    WATCHLIST = "watchlist"
    UNWATCHLIST = "unwatchlist"


#: Kinds whose value is a number: stars, or minutes.
VALUED = frozenset({EventKind.RATING, EventKind.WATCH})
#: Kinds after which a movie is not recommended to that user again, unless they are undone.
SEEN_BY = frozenset({EventKind.WATCH, EventKind.RATING, EventKind.LIKE, EventKind.NOT_INTERESTED})


@dataclass(frozen=True)
class Event:
    """One thing that one user did with one movie.

    Attributes:
        event_id: Chosen by the client and unique; the same id twice is the same event.
        kind: What was done.
        user_id: By whom.
        movie_id: With which movie.
        occurred_at: When, by the client's clock, with its zone.
        value: Stars of a rating, minutes of a watch, else ``None``.
        recommendation_id: The served list on which it was done, or ``None``.
        position: Place of the movie in that list from 0, or ``None``.
    """

    event_id: str
    kind: EventKind
    user_id: int
    movie_id: int
    occurred_at: datetime
    value: float | None = None
    recommendation_id: str | None = None
    position: int | None = None
