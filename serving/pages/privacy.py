"""What is stored about a visitor: shown, handed over, erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from events.schema import EventKind
from serving.answering import as_json
from serving.pages import forms
from serving.pages.attention import objects
from serving.pages.rendering import page_blueprint, render
from serving.pages.visits import begin_anew, visit
from serving.problems import Problem
from serving.routes.users import erase_all, exported
from serving.services import services

blueprint = page_blueprint("privacy", __name__)
_SHOWN = 50


@blueprint.get("/privacy")
def privacy() -> Response:
    """Answer with all that is stored of the visitor, the latest first."""
    who = visit()
    stored = None if who.user_id is None else exported(services(), who.user_id)
    titles: dict[int, str] = {}
    did = [] if stored is None else [event for event in stored["events"] if _is_done(event)]
    served = services().models.current()
    if served is not None:
        movies = {event["movie_id"] for event in did}
        known = filter(served.recommender.has, movies)
        titles = {movie: served.recommender.title(movie) for movie in known}
    return render(
        "privacy.html",
        stored=stored,
        did=did,
        n_seen=len(stored["events"]) - len(did) if stored else 0,
        titles=titles,
        most=_SHOWN,
        objects=objects(),
    )


def _is_done(event: Mapping[str, Any]) -> bool:
    """Return whether an event is something that was done, and not only seen."""
    return bool(event["kind"] != EventKind.IMPRESSION)


@blueprint.get("/privacy/export")
def export() -> Response:
    """Answer with all of it as a file."""
    who = visit()
    if who.user_id is None:
        raise Problem(404, "Nothing is stored about you.", kind="nothing-stored")
    response = as_json(exported(services(), who.user_id))
    response.headers["Content-Disposition"] = 'attachment; filename="movie-roulette-my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/privacy/erase")
def erase() -> Response:
    """Erase all of it, and forget the browser."""
    who = visit()
    if who.user_id is not None:
        erase_all(services(), who.user_id)
    begin_anew()
    return forms.back("/privacy", "erased")
