"""What visitors look at: places of their lists that they saw, and films that they opened from one.

Both are events of the visitor's number, as any client sends them, and of nobody without one. Their
ids are made of list and place, so that a page that is loaded again adds nothing. A browser that
asks not to be followed is not noted.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Flask, Response, request

from events.errors import StoreUnavailable
from events.records import ServedList
from events.schema import Event, EventKind
from serving.metrics import metrics
from serving.observing import events_stored
from serving.pages.rendering import page_blueprint
from serving.pages.visits import visit
from serving.problems import Problem
from serving.services import services

blueprint = page_blueprint("attention", __name__)
_LOG = logging.getLogger(__name__)
_SEEN = re.compile(r"([0-9a-f]{32}):([0-9]{1,4}(?:,[0-9]{1,4}){0,199})")
_LIST_ID = re.compile(r"[0-9a-f]{32}")
_MOST_LISTS = 20
#: Global Privacy Control, and what came before it.
_OBJECTIONS = ("Sec-GPC", "DNT")


@dataclass(frozen=True)
class Place:
    """A place of a list that the visitor was shown.

    Attributes:
        recommendation_id: The list.
        position: From 0.
    """

    recommendation_id: str
    position: int


def init_app(app: Flask) -> None:
    """Let the templates of ``app`` mark lists and what leads from them."""
    app.jinja_env.globals |= {"film_address": film_address, "is_noted": is_noted}


def objects() -> bool:
    """Return whether the browser asks not to be followed."""
    return any(request.headers.get(name) == "1" for name in _OBJECTIONS)


def is_noted() -> bool:
    """Return whether what the visitor looks at is noted."""
    return visit().user_id is not None and not objects()


def film_address(movie_id: int, list_id: str | None = None, position: int | None = None) -> str:
    """Return where a film is; from a list, where that is noted, with the place that leads there."""
    path = f"/movies/{movie_id}"
    if list_id is None or position is None or not is_noted():
        return path
    return f"{path}?{urlencode({'list': list_id, 'place': position})}"


def opened(movie_id: int) -> Place | None:
    """Note that a film was opened, and return the place from which, if from a list.

    A film that is opened was seen. The film is shown even where that cannot be stored, which is
    counted and logged.
    """
    list_id, position = request.args.get("list", ""), request.args.get("place", type=int)
    if not (list_id or position is not None) or not is_noted() or _is_ahead():
        return None
    shown = _own_list(list_id)
    if shown is None or position not in _places_of(shown, movie_id):
        _count(EventKind.CLICK, "not-theirs", 1)
        return None
    try:
        _note(EventKind.IMPRESSION, shown, [position])
        _note(EventKind.CLICK, shown, [position])
    except StoreUnavailable as error:
        _count(EventKind.CLICK, "failed", 1)
        _LOG.warning("a film that was opened is not noted: %s", error)
    return Place(list_id, position)


@blueprint.post("/seen")
def seen() -> Response:
    """Note the places that were in view, as the page's script sends them.

    Each field ``seen`` is a list and its places, as in ``0123...:0,1,2``.
    """
    for list_id, positions in _read(request.form.getlist("seen")):
        if not is_noted():
            break
        shown = _own_list(list_id)
        known = [] if shown is None else [n for n in positions if n < len(shown.items)]
        _count(EventKind.IMPRESSION, "not-theirs", len(positions) - len(known))
        if shown is not None and known:
            _note(EventKind.IMPRESSION, shown, known)
    return Response(status=204)


def _read(texts: Sequence[str]) -> Iterable[tuple[str, list[int]]]:
    found = [_SEEN.fullmatch(text) for text in texts]
    if not all(found) or not 0 < len(found) <= _MOST_LISTS:
        errors = [{"field": "seen", "problem": "must be a list and its places, as in 0123...:0,1"}]
        raise Problem(422, "It cannot be noted what was seen.", kind="invalid", errors=errors)
    return [
        (match[1], sorted({int(text) for text in match[2].split(",")})) for match in found if match
    ]


def _is_ahead() -> bool:
    """Return whether a page is asked for before anyone looks at it."""
    return request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", "")


def _own_list(list_id: str) -> ServedList | None:
    """Return a list that was shown to this visitor, or ``None``."""
    if not _LIST_ID.fullmatch(list_id):
        return None
    shown = services().served.served(list_id)
    return shown if shown is not None and shown.user_id == visit().user_id else None


def _places_of(shown: ServedList, movie_id: int) -> list[int]:
    return [place for place, item in enumerate(shown.items) if item["movie_id"] == movie_id]


def _note(kind: EventKind, shown: ServedList, positions: Sequence[int]) -> None:
    """Store one event for each place, unless there is one.

    Raises:
        StoreUnavailable: Nothing was stored.
    """
    user_id, now = visit().user_id, datetime.now(UTC)
    if user_id is None:
        return
    found = [
        Event(
            event_id=f"{kind}-{shown.recommendation_id}-{position}",
            kind=kind,
            user_id=user_id,
            movie_id=shown.items[position]["movie_id"],
            occurred_at=now,
            recommendation_id=shown.recommendation_id,
            position=position,
        )
        for position in positions
    ]
    done = services().commits.submit(found)
    events_stored(services(), found, done)
    _count(kind, "stored", done.accepted)
    _count(kind, "repeated", len(found) - done.accepted)


def _count(kind: EventKind, outcome: str, n_places: int) -> None:
    if n_places:
        metrics().attention.labels(kind.value, outcome).inc(n_places)
