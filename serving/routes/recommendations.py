"""Lists for users and for anonymous visitors."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag

from serving.answering import as_json_bytes
from serving.document import problems_of
from serving.lists import Asked, show
from serving.parsing import check_limits, checked
from serving.repeated import note
from serving.schemas.answers import ListAnswer
from serving.schemas.given import Filters, ListQuery, UserPath, VisitorBody
from serving.services import services

_TAG = Tag(name="Recommendations", description="Lists of movies, best first.")
api = APIBlueprint("recommendations", __name__, url_prefix="/v1", abp_tags=[_TAG])


@api.get(
    "/recommendations/<user_id>",
    summary="Recommend movies to a user",
    responses={200: ListAnswer, **problems_of(422, 503)},
)
@checked
def recommend(path: UserPath, query: ListQuery) -> Response:
    """Movies that the user has rated, liked, watched or refused are never in the list."""
    asked = asked_by(query, path.user_id)
    shown = show(services(), asked)
    note(request, asked)
    return as_json_bytes(shown.json)


@api.post(
    "/recommendations",
    summary="Recommend movies to an anonymous visitor",
    responses={200: ListAnswer, **problems_of(400, 413, 415, 422, 503)},
)
@checked
def recommend_to_visitor(body: VisitorBody) -> Response:
    """A movie both rated and liked counts with its stars; none of them is in the list."""
    settings = services().settings.lists
    n_given = len(body.liked) + len(body.ratings)
    check_limits(("k", body.k, settings.max_k), ("ratings", n_given, settings.max_history))
    asked = Asked(
        k=body.k,
        genres=tuple(body.genre),
        year_from=body.year_from,
        year_to=body.year_to,
        exclude_ids=tuple(body.exclude_ids),
        diversity=body.diversity,
        explain=body.explain,
        recommender=body.recommender,
        wishes=tuple(body.wish),
        seed=body.seed,
        movie_ids=(*body.liked, *(stars.movie_id for stars in body.ratings)),
        ratings=(*(None for _ in body.liked), *(stars.rating for stars in body.ratings)),
    )
    return as_json_bytes(show(services(), asked).json)


@api.get(
    "/popular",
    summary="Popular movies",
    responses={200: ListAnswer, **problems_of(422)},
)
@checked
def popular(query: Filters) -> Response:
    """What someone of whom nothing is known gets."""
    return as_json_bytes(show(services(), asked_by(query)).json)


def asked_by(query: Filters, user_id: int | None = None, similar_to: int | None = None) -> Asked:
    """Return what a query asks for."""
    check_limits(("k", query.k, services().settings.lists.max_k))
    more: dict[str, Any] = {}
    if isinstance(query, ListQuery):
        more = {
            "diversity": query.diversity,
            "explain": query.explain,
            "recommender": query.recommender,
            "wishes": tuple(query.wish),
            "seed": query.seed,
        }
    return Asked(
        user_id=user_id,
        k=query.k,
        genres=tuple(query.genre),
        year_from=query.year_from,
        year_to=query.year_to,
        exclude_ids=tuple(query.exclude_ids),
        similar_to=similar_to,
        **more,
    )
