"""The page of a film, and what a visitor does there."""

from __future__ import annotations

from flask import Response, request

from events.schema import EventKind
from serving.lists import Asked
from serving.model_now import known_movie, model_now
from serving.pages import forms
from serving.pages.attention import opened
from serving.pages.explaining import readable
from serving.pages.rendering import page_blueprint, render
from serving.pages.viewing import known_to, listed, looker, predicted
from serving.problems import Problem
from serving.routes.movies import facts_of
from serving.routes.predictions import prediction

blueprint = page_blueprint("movie", __name__)
_SIMILAR = 14
_NO_STARS = "none"


@blueprint.get("/movies/<int:movie_id>")
def movie(movie_id: int) -> Response:
    """Answer with all that there is about a film."""
    served = model_now()
    facts = facts_of(served, movie_id)
    came_from = opened(movie_id)
    who = looker(served)
    guess = prediction(served, who.user_id, who.history, movie_id)
    similar = listed(Asked(k=_SIMILAR, similar_to=movie_id, exclude_ids=known_to(who)))
    return render(
        "movie.html",
        movie=facts,
        who=who,
        opened=came_from,
        given=who.ratings.get(movie_id),
        guess=guess,
        guess_parts=readable(served.recommender, guess["explanation"]["parts"]),
        similar=similar,
        predicted=predicted(served, who, similar.movie_ids),
    )


@blueprint.post("/movies/<int:movie_id>/rating")
def rate(movie_id: int) -> Response:
    """Keep or remove a rating."""
    known_movie(model_now().recommender, movie_id)
    given = request.form.get("stars", "")
    if given == _NO_STARS:
        forms.store(EventKind.UNRATING, movie_id)
        return forms.back(f"/movies/{movie_id}", "unrated")
    forms.store(EventKind.RATING, movie_id, _stars(given))
    return forms.back(f"/movies/{movie_id}", "rated")


@blueprint.post("/movies/<int:movie_id>/watchlist")
def watchlist(movie_id: int) -> Response:
    """Put a film on the watchlist, or take it off."""
    known_movie(model_now().recommender, movie_id)
    on = request.form.get("on") == "1"
    forms.store(EventKind.WATCHLIST if on else EventKind.UNWATCHLIST, movie_id)
    return forms.back(f"/movies/{movie_id}", "listed" if on else "unlisted")


@blueprint.post("/movies/<int:movie_id>/refusal")
def refuse(movie_id: int) -> Response:
    """Never recommend a film again, or allow it."""
    known_movie(model_now().recommender, movie_id)
    on = request.form.get("on") == "1"
    forms.store(EventKind.NOT_INTERESTED if on else EventKind.INTERESTED, movie_id)
    return forms.back(f"/movies/{movie_id}", "refused" if on else "unrefused")


def _stars(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        errors = [{"field": "Stars", "problem": "must be a number of stars"}]
        raise Problem(422, "Choose how many stars.", kind="invalid", errors=errors) from None
