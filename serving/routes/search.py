"""Movies, people and keywords by what somebody types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from serving.answering import as_json
from serving.document import problems_of
from serving.lists import card
from serving.model_now import model_now
from serving.models.loading import ServedModel
from serving.parsing import check_limits, checked
from serving.schemas.answers import SearchAnswer
from serving.schemas.given import SearchQuery
from serving.services import services

_TAG = Tag(name="Search", description="Movies, people and keywords by what somebody types.")
api = APIBlueprint("search", __name__, url_prefix="/v1", abp_tags=[_TAG])


@api.get(
    "/search",
    summary="Search while typing",
    responses={200: SearchAnswer, **problems_of(422, 503)},
)
@checked
def search(query: SearchQuery) -> Response:
    """Forgives spelling, accents, articles and the order of words; the last word may go on."""
    check_limits(("limit", query.limit, services().settings.lists.max_k))
    return as_json(found_by(model_now(), query))


def found_by(served: ServedModel, query: SearchQuery) -> dict[str, Any]:
    """Return what a query finds in a model's catalogue, as the answer has it."""
    found = served.recommender.search(query.query, query.limit)
    return {
        "movies": [
            {**card(served.recommender, hit.movie_id), **asdict(hit)} for hit in found.movies
        ],
        "people": [asdict(hit) for hit in found.people],
        "keywords": [asdict(hit) for hit in found.keywords],
        "model_version": served.version,
    }
