"""What a worker hands to the profiler: appended to a queue, and looked at after the answer."""

from __future__ import annotations

import time
from collections.abc import Sequence

from events.records import Appended
from events.schema import Event, EventKind
from monitoring.observations import Kind, Observation
from monitoring.spool import ShownList
from serving.services import Services

_KINDS: dict[EventKind, Kind] = {
    EventKind.CLICK: "click",
    EventKind.WATCH: "watch",
    EventKind.RATING: "rating",
}


def list_shown(
    services: Services,
    items: Sequence[dict[str, object]],
    digest: str | None,
    user_id: int | None,
    started: float,
) -> None:
    """Note a list that was shown.

    Args:
        services: Of the worker.
        items: What stands in each place, as the log has it.
        digest: Of the model, or ``None`` without one.
        user_id: To whom, or ``None``.
        started: When the work on it began, on `time.perf_counter`.
    """
    if services.spool is not None:
        milliseconds = (time.perf_counter() - started) * 1000.0
        services.spool.put_list(ShownList(time.time(), digest, user_id, items, milliseconds))


def events_stored(services: Services, found: Sequence[Event], done: Appended) -> None:
    """Note events that are new.

    Of a request that was sent again in part it is not known which are; it is left out as a whole.
    """
    if services.spool is None or done.accepted != len(found):
        return
    served = services.models.current()
    digest, now = served.digest if served else None, time.time()
    for event in found:
        kind = _KINDS.get(event.kind)
        if kind is not None:
            number = event.position if kind == "click" else event.value
            services.spool.put(
                Observation(kind, now, digest, event.user_id, (event.movie_id,), (), number)
            )


def searched(services: Services, query: str) -> None:
    """Note a search; of what was typed, only how long it was."""
    if services.spool is not None and query:
        served = services.models.current()
        digest = served.digest if served else None
        services.spool.put(Observation("search", time.time(), digest, number=len(query)))
