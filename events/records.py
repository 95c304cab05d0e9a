"""What the event store takes and gives, as frozen records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.schema import Event


@dataclass(frozen=True)
class Appended:
    """What came of storing events; every one of them is durable.

    Attributes:
        accepted: Events that are new.
        duplicates: Events whose id was stored before with the same content.
        conflicts: Ids that were stored before with other content, which stays.
    """

    accepted: int
    duplicates: int
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class UserHistory:
    """What a user did since the data that the model knows, condensed.

    Attributes:
        user_id: Whose.
        watermark: Sequence number of the user's latest event that counts here, 0 if none.
        movie_ids: Shape (n,), movies rated or liked, oldest first, the last opinion of each.
        ratings: Of length n: stars, or ``None`` for a like without stars.
        seen: Movies that must not be recommended, rising.
        watchlist: Movies on the watchlist, latest first.
        refused: Movies that the user is not interested in, rising; they are among ``seen``.
        erased: Whether the user has asked to be erased, so that what a model knows of them from
            its training must not be used.
    """

    user_id: int
    watermark: int
    movie_ids: tuple[int, ...] = ()
    ratings: tuple[float | None, ...] = ()
    seen: tuple[int, ...] = ()
    watchlist: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    erased: bool = False


class WrittenItems(list[dict[str, Any]]):
    """Items of a list that is shown many times, with their JSON, which is made once.

    Attributes:
        json: The items as JSON; they must not change any more.
    """

    def __init__(self, items: list[dict[str, Any]]) -> None:
        super().__init__(items)
        self.json = json.dumps(items, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class ServedList:
    """One list that was shown, with all that is needed to make it again.

    Attributes:
        recommendation_id: Its id, which the response carried.
        served_at: When, UTC.
        user_id: To whom, or ``None`` for an anonymous visitor.
        model_version: Version that made it, or ``None`` where no model was loaded.
        bundle_digest: Digest of that version's bundle, or ``None``.
        request: Everything that was asked: k, filters, diversity, given history; plain values.
        watermark: The `UserHistory.watermark` at that moment; 0 for an anonymous visitor.
        items: For each place of the list: movie id, score, path; plain values.
    """

    recommendation_id: str
    served_at: datetime
    user_id: int | None
    model_version: str | None
    bundle_digest: str | None
    request: dict[str, Any]
    watermark: int
    items: list[dict[str, Any]]


@dataclass(frozen=True)
class UserRecord:
    """All that is stored of one user.

    Attributes:
        user_id: Whose.
        events: Every event, oldest first.
        served: Every list that was shown, oldest first.
        erased_at: When the user was last erased, or ``None``.
    """

    user_id: int
    events: tuple[Event, ...]
    served: tuple[ServedList, ...]
    erased_at: datetime | None


@dataclass(frozen=True)
class Erased:
    """What was erased of one user.

    Attributes:
        user_id: Whose.
        events: Number of events.
        served: Number of served lists.
        erased_at: When, UTC; a model trained later does not know the user.
    """

    user_id: int
    events: int
    served: int
    erased_at: datetime
