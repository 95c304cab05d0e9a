"""The results of a search, for those who press Enter and those without scripts."""

from __future__ import annotations

from flask import Response, request

from recommender.inference import Wanted
from serving.lists import card
from serving.model_now import model_now
from serving.pages.rendering import page_blueprint, render
from serving.pages.viewing import looker, predicted

blueprint = page_blueprint("search", __name__)
_LENGTH = 36
_LONGEST = 200


@blueprint.get("/search")
def search() -> Response:
    """Answer with films, people and keywords."""
    query = request.args.get("q", "").strip()[:_LONGEST]
    served = model_now()
    who = looker(served)
    found = served.recommender.browse(Wanted(), query=query).tolist()[:_LENGTH] if query else []
    return render(
        "search.html",
        query=query,
        films=[card(served.recommender, movie) for movie in found],
        people=(),
        keywords=(),
        who=who,
        predicted=predicted(served, who, found),
    )
