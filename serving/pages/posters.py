"""The posters, each at an address that holds a hash of what it depends on."""

from __future__ import annotations

import logging
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app
from werkzeug.exceptions import NotFound

from serving.metrics import Metrics, of_app
from serving.posters.art import Film
from serving.posters.art import poster as drawn
from serving.posters.tmdb import Outcome, PosterShelf, Source
from serving.services import Services, services

_FOREVER = "public, max-age=31536000, immutable"
_AN_HOUR = "public, max-age=3600"
#: Of a drawing in whose place a fetched poster may stand soon.
_A_MINUTE = "public, max-age=60"
_EXTENSION = "roulette.pages.posters"
_LOG = logging.getLogger(__name__)

blueprint = Blueprint("posters", __name__)


def init_app(app: Flask) -> None:
    """Let ``app`` show fetched posters where a token is configured."""
    using: Services = app.extensions["services"]
    pages = using.settings.pages
    if pages.tmdb_token:
        source = Source(pages.tmdb_token, pages.tmdb_api, pages.tmdb_images)
        shelf = PosterShelf(source, using.settings.posters_folder, lambda what: _note(app, what))
        app.extensions[_EXTENSION] = shelf


def address(card: dict[str, Any]) -> str:
    """Return where a film's poster is, for a card of `serving.lists.card`."""
    film = Film(card["title"], card["year"], tuple(card["genres"]))
    return f"/posters/{card['movie_id']}-{film.digest}"


@blueprint.get("/posters/<int:movie_id>", defaults={"digest": ""})
@blueprint.get("/posters/<int:movie_id>-<digest>")
def poster(movie_id: int, digest: str) -> Response:
    """Answer with a film's poster: fetched, or drawn."""
    film = _film(movie_id)
    shelf = cast("PosterShelf | None", current_app.extensions.get(_EXTENSION))
    fetched = None if shelf is None else shelf.find(film)
    lasting = _FOREVER if digest == film.digest else _AN_HOUR
    if fetched is not None:
        response = Response(fetched, mimetype="image/jpeg")
    else:
        response = Response(drawn(film), mimetype="image/svg+xml")
        lasting = lasting if shelf is None else _A_MINUTE
    response.headers["Cache-Control"] = lasting
    return response


def _film(movie_id: int) -> Film:
    """Return what is drawn: of the model's catalogue, or of the data folder's without a model."""
    served = services().models.current()
    if served is not None and served.recommender.has(movie_id):
        recommender = served.recommender
        return Film(
            recommender.title(movie_id), recommender.year(movie_id), recommender.genres(movie_id)
        )
    for film in services().catalogue.films if served is None else ():
        if film.movie_id == movie_id:
            return Film(film.title, film.year, film.genres)
    raise NotFound


def _note(app: Flask, outcome: Outcome) -> None:
    own: Metrics = of_app(app)
    own.pages.labels(outcome).inc()
    if outcome == "poster-failed":
        _LOG.warning("a poster could not be fetched; films are drawn meanwhile")
