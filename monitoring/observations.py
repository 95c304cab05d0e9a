"""One thing that a server saw, as its row in a spool: what it costs least to write down.

Genres, years, popularity and estimates are looked up later, by the profiler, from the bundle.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple

from monitoring.errors import MonitoringError

Kind = Literal["list", "click", "watch", "rating", "search"]
#: Kinds of events that are profiled.
OF_EVENTS: frozenset[str] = frozenset({"click", "watch", "rating"})


class Observation(NamedTuple):
    """What was seen; fields that do not belong to the kind are ``None``.

    Attributes:
        kind: What it is of.
        time: When, in seconds since 1970, by the server's clock.
        model: Digest of the bundle that was served, or ``None`` without a model.
        user_id: Whose, or ``None`` for an anonymous visitor.
        movie_ids: The movies of a list, or the one of an event.
        paths: What each place of a list was made from.
        number: Milliseconds of a list, place of a click, stars of a rating, characters of a
            search.
    """

    kind: Kind
    time: float
    model: str | None
    user_id: int | None = None
    movie_ids: Sequence[int] = ()
    paths: Sequence[str] = ()
    number: float | None = None

    def to_line(self) -> str:
        """Return the row of the spool, with its end."""
        return json.dumps(self, separators=(",", ":")) + "\n"

    @classmethod
    def from_line(cls, line: str | bytes) -> Observation:
        """Return what `to_line` wrote.

        Raises:
            MonitoringError: It is something else.
        """
        try:
            found = cls(*json.loads(line))
            _require(found)
        except (ValueError, TypeError) as error:
            raise MonitoringError("a row of the spool is malformed", value=line[:80]) from error
        return found


def _require(found: Observation) -> None:
    numbers = (found.time, found.number, found.user_id, *found.movie_ids)
    if found.kind not in (*OF_EVENTS, "list", "search"):
        raise ValueError(found.kind)
    if found.time is None or not all(n is None or isinstance(n, int | float) for n in numbers):
        raise TypeError(found)
    if found.paths and len(found.paths) != len(found.movie_ids):
        raise ValueError(found.paths)
