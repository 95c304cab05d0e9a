"""The catalogue: one movie, what is like it, and pages of many."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from recommender.inference import Wanted
from serving.answering import as_json, as_json_bytes, with_etag
from serving.document import NOT_MODIFIED, problems_of
from serving.lists import card, show
from serving.model_now import known_movie, model_now
from serving.models.loading import ServedModel
from serving.observing import searched
from serving.parsing import check_limits, checked
from serving.problems import Problem
from serving.routes.recommendations import asked_by
from serving.schemas.answers import MovieAnswer, PageAnswer, SimilarAnswer
from serving.schemas.given import BrowseQuery, Filters, MoviePath
from serving.services import services

_TAG = Tag(name="Movies", description="The catalogue.")
api = APIBlueprint("movies", __name__, url_prefix="/v1/movies", abp_tags=[_TAG])


@api.get(
    "/<movie_id>",
    summary="One movie",
    responses={200: MovieAnswer, 304: NOT_MODIFIED, **problems_of(404, 422, 503)},
)
@checked
def movie(path: MoviePath) -> Response:
    """All that the served model knows of the movie."""
    return with_etag(as_json(facts_of(model_now(), path.movie_id)))


def facts_of(served: ServedModel, movie_id: int) -> dict[str, Any]:
    """Return all that a model knows of a movie, as the answer has it.

    Raises:
        Problem: 404 where it is not in the catalogue.
    """
    recommender = served.recommender
    known_movie(recommender, movie_id)
    facts = recommender.credits_of(movie_id)
    return {**card(recommender, movie_id), **facts, "model_version": served.version}


@api.get(
    "/<movie_id>/similar",
    summary="Movies like one",
    responses={200: SimilarAnswer, **problems_of(404, 422, 503)},
)
@checked
def similar(path: MoviePath, query: Filters) -> Response:
    """By content, and by who watches both."""
    known_movie(model_now().recommender, path.movie_id)
    return as_json_bytes(show(services(), asked_by(query, similar_to=path.movie_id)).json)


@api.get("", summary="Browse the catalogue", responses={200: PageAnswer, **problems_of(422, 503)})
@checked
def browse(query: BrowseQuery) -> Response:
    """In pages: pass `next_cursor` back as `cursor`, with everything else as it was."""
    return as_json(page_of(model_now(), query))


def page_of(served: ServedModel, query: BrowseQuery) -> dict[str, Any]:
    """Return one page of a model's catalogue, as the answer has it.

    Raises:
        Problem: 422 for a page that is too long, or a cursor that cannot be followed.
    """
    check_limits(("limit", query.limit, services().settings.lists.max_k))
    if query.sort == "relevance" and not query.query.strip():
        errors = [{"field": "sort", "problem": "relevance needs a query"}]
        raise Problem(422, "There is nothing to be relevant to.", kind="invalid", errors=errors)
    year = query.year
    wanted = Wanted(
        genres=tuple(query.genre),
        year_from=year or query.year_from,
        year_to=year or query.year_to,
        person=query.person,
        keyword=query.keyword,
    )
    if query.cursor is None:
        searched(services(), query.query)
    sort = None if query.sort == "relevance" else query.sort
    found = served.recommender.browse(wanted, query=query.query, sort=sort).tolist()
    start = 0 if query.cursor is None else _place_after(found, query)
    page = found[start : start + query.limit]
    more = start + len(page) < len(found) and page
    return {
        "items": [card(served.recommender, movie_id) for movie_id in page],
        "total": len(found),
        "next_cursor": _cursor(query, page[-1]) if more else None,
        "model_version": served.version,
    }


def _place_after(found: list[int], query: BrowseQuery) -> int:
    """Return where the page begins that follows a cursor.

    A cursor names the last movie that was shown, so that it holds when another model is swapped
    in, as long as that has the movie.
    """
    try:
        raw = base64.urlsafe_b64decode((query.cursor or "").encode("ascii") + b"==")
        question, movie_id = json.loads(raw)
        if question != _question(query):
            raise _bad_cursor()
        return found.index(movie_id) + 1
    except (ValueError, TypeError):
        raise _bad_cursor() from None


def _cursor(query: BrowseQuery, last: int) -> str:
    text = json.dumps([_question(query), last], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _question(query: BrowseQuery) -> str:
    """Return a short digest of all that decides which movies there are, in which order."""
    asked: dict[str, Any] = query.model_dump(exclude={"cursor", "limit"})
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _bad_cursor() -> Problem:
    error = {"field": "cursor", "problem": "does not belong to this question; begin anew"}
    return Problem(422, "The cursor cannot be followed.", kind="invalid", errors=[error])
