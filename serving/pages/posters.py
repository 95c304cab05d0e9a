"""The posters, each at an address that holds a hash of what it depends on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from serving.posters.art import Film
from serving.posters.art import poster as drawn
from serving.services import services

_FOREVER = "public, max-age=31536000, immutable"
_AN_HOUR = "public, max-age=3600"
blueprint = Blueprint("posters", __name__)


def address(card: dict[str, Any]) -> str:
    """Return where a film's poster is, for a card of `serving.lists.card`."""
    film = Film(card["title"], card["year"], tuple(card["genres"]))
    return f"/posters/{card['movie_id']}-{film.digest}.svg"


@blueprint.get("/posters/<int:movie_id>.svg", defaults={"digest": ""})
@blueprint.get("/posters/<int:movie_id>-<digest>.svg")
def poster(movie_id: int, digest: str) -> Response:
    """Answer with a film's poster."""
    film = _film(movie_id)
    response = Response(drawn(film), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = _FOREVER if digest == film.digest else _AN_HOUR
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
