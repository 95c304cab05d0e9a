"""What is stored about a visitor: shown, handed over, erased."""

from __future__ import annotations

from flask import Response

from serving.answering import as_json
from serving.pages import forms
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
    served = services().models.current()
    if stored is not None and served is not None:
        movies = {event["movie_id"] for event in stored["events"]}
        known = filter(served.recommender.has, movies)
        titles = {movie: served.recommender.title(movie) for movie in known}
    return render("privacy.html", stored=stored, titles=titles, most=_SHOWN)


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
