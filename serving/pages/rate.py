"""Rating a few films, with the list that follows from them beside it; and the watchlist."""

from __future__ import annotations

from flask import Response, request

from serving.lists import Asked, card, show
from serving.model_now import model_now
from serving.pages.rendering import page_blueprint, render
from serving.pages.viewing import listed, looker, predicted
from serving.services import services

blueprint = page_blueprint("rate", __name__)
_SHOWN = 12
_LIST = 8
#: Ratings after which lists are worth looking at.
ENOUGH = 5
_MOST_PAGES = 8
_VARIETY = 0.4


@blueprint.get("/rate")
def rate() -> Response:
    """Answer with films to rate, varied and well known, and the list of this moment."""
    served = model_now()
    who = looker(served)
    page = min(max(request.args.get("page", 0, type=int), 0), _MOST_PAGES - 1)
    asked = Asked(k=_SHOWN * _MOST_PAGES, recommender="popular", diversity=_VARIETY)
    # The same for everyone: films must not move away under the hand of who rates them.
    known = show(services(), asked).made.items
    shown = listed(Asked(k=_LIST))
    rated = [movie for movie in reversed(who.history.movie_ids) if served.recommender.has(movie)]
    return render(
        "rate.html",
        films=known[page * _SHOWN : (page + 1) * _SHOWN] or known[:_SHOWN],
        page=page,
        next_page=(page + 1) % _MOST_PAGES,
        who=who,
        rated=[card(served.recommender, movie) for movie in rated[:_SHOWN]],
        n_rated=len(rated),
        enough=ENOUGH,
        shown=shown,
        predicted=predicted(served, who, shown.movie_ids),
    )


@blueprint.get("/watchlist")
def watchlist() -> Response:
    """Answer with the films that the visitor wants to see."""
    served = model_now()
    who = looker(served)
    movies = [movie for movie in who.history.watchlist if served.recommender.has(movie)]
    return render(
        "watchlist.html",
        films=[card(served.recommender, movie) for movie in movies],
        who=who,
        predicted=predicted(served, who, movies),
    )
