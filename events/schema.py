"""What visitors do: kinds of events, and one event with its checks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from events.errors import EventError

#: Ids are signed 64-bit integers wherever they are stored or sent.
LARGEST_ID = 2**63 - 1
#: Characters of the longest ``event_id`` and ``recommendation_id``.
LONGEST_TEXT_ID = 128
#: Places of a list are 32-bit integers in the store.
LARGEST_POSITION = 2**31 - 1


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
#: Kinds that change nothing in a user's history: they say what was shown and looked at.
PASSING = frozenset({EventKind.IMPRESSION, EventKind.CLICK})


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

    Raises:
        EventError: A field holds what no store can keep; the error names it.
    """

    event_id: str
    kind: EventKind
    user_id: int
    movie_id: int
    occurred_at: datetime
    value: float | None = None
    recommendation_id: str | None = None
    position: int | None = None

    def __post_init__(self) -> None:
        _check_text_id("event_id", self.event_id)
        _check_whole("user_id", self.user_id, -LARGEST_ID - 1, LARGEST_ID)
        _check_whole("movie_id", self.movie_id, -LARGEST_ID - 1, LARGEST_ID)
        _check_time(self.occurred_at)
        _check_value(self.kind, self.value)
        if self.recommendation_id is not None:
            _check_text_id("recommendation_id", self.recommendation_id)
        if self.position is not None:
            _check_whole("position", self.position, 0, LARGEST_POSITION)


def _check_text_id(field: str, text: str) -> None:
    if not 1 <= len(text) <= LONGEST_TEXT_ID:
        raise EventError(field, f"must have 1 to {LONGEST_TEXT_ID} characters", text[:20])
    # PostgreSQL stores no NUL, and no database a lone surrogate.
    if not text.isprintable():
        raise EventError(field, "must be printable", text[:20])


def _check_whole(field: str, number: int, least: int, most: int) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise EventError(field, f"must be a whole number from {least} to {most}", number)


def _check_time(time: datetime) -> None:
    if time.tzinfo is None:
        raise EventError("occurred_at", "must say its zone", time)
    try:
        time.astimezone(UTC)
    except OverflowError as error:
        raise EventError("occurred_at", "must lie in the years 1 to 9999, UTC", time) from error


def _check_value(kind: EventKind, value: float | None) -> None:
    if kind not in VALUED:
        if value is not None:
            raise EventError("value", f"a {kind} has none", value)
    elif value is None or not math.isfinite(value) or value < 0:
        raise EventError("value", f"a {kind} needs a number of at least 0", value)
