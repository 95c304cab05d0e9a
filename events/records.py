"""What the event store takes and gives, as frozen records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
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


class WrittenItems(Sequence[dict[str, Any]]):
    """Items of a list that is shown many times: kept as JSON, and made anew when looked at.

    Attributes:
        json: The items as JSON.
    """

    __slots__ = ("json",)

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self.json = as_json(items)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def __getitem__(self, place: Any) -> Any:
        """Return an item, or some."""
        return self._items[place]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Return the items, one after the other."""
        return iter(self._items)

    @property
    def _items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.json)
        return found


class WrittenRequest(Mapping[str, Any]):
    """A request that is made many times, kept as `WrittenItems` are.

    Attributes:
        json: The request as JSON.
    """

    __slots__ = ("json",)

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.json = as_json(request)

    def __len__(self) -> int:
        """Return the number of its fields."""
        return len(self._fields)

    def __getitem__(self, name: str) -> Any:
        """Return a field."""
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names of the fields, one after the other."""
        return iter(self._fields)

    @property
    def _fields(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.json)
        return found


def as_json(plain: Any) -> str:
    """Return items or a request as the log keeps them."""
    if isinstance(plain, WrittenItems | WrittenRequest):
        return plain.json
    return json.dumps(plain, separators=(",", ":"), allow_nan=False)


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
    request: Mapping[str, Any]
    watermark: int
    items: Sequence[Mapping[str, Any]]


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
