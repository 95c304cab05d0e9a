"""The results of a search, for those who press Enter and those without scripts."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request
from pydantic import ValidationError

from serving.model_now import model_now
from serving.observing import searched
from serving.pages.field_errors import field_problem
from serving.pages.forms import see
from serving.pages.rendering import page_blueprint, render
from serving.pages.viewing import looker, predicted
from serving.routes.search import found_by
from serving.schemas.given import SearchQuery
from serving.services import services

blueprint = page_blueprint("search", __name__)
_LENGTH = 24
_MOST_PEOPLE = 6


@blueprint.get("/search")
def search() -> Response:
    """Answer with films, people and keywords."""
    if "query" in request.args and "q" not in request.args:
        # The API's word for it.
        return see(f"/search?{urlencode({'q': request.args['query']})}")
    text = request.args.get("q", "").strip()
    try:
        query = SearchQuery(query=text, limit=_LENGTH)
    except ValidationError as error:
        raise field_problem(error, {"query": "Search"}) from None
    served = model_now()
    searched(services(), text)
    found = found_by(served, query)
    who = looker(served)
    return render(
        "search.html",
        query=text,
        films=found["movies"],
        people=found["people"][:_MOST_PEOPLE],
        keywords=found["keywords"][:_MOST_PEOPLE],
        who=who,
        predicted=predicted(served, who, [film["movie_id"] for film in found["movies"]]),
    )
