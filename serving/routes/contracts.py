"""The contracts of others: plain text of the streaming courses, and gorse's REST API.

Paths, names and types are theirs; user and item ids are ours, so digits.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from flask_openapi3.types import ResponseDict
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from events.errors import EventError
from events.schema import VALUED, Event, EventKind
from serving.answering import as_json
from serving.document import KEY_MAY_BE_NEEDED, problems_of
from serving.keys import required
from serving.lists import Asked, show
from serving.model_now import known_movie, model_now
from serving.parsing import check_limits, checked
from serving.problems import Problem
from serving.routes.events import submit
from serving.schemas.answers import GorseNeighbour, GorseRows
from serving.schemas.fields import Genre, TextId, TextWhole
from serving.schemas.given import UserPath
from serving.services import services

_COURSE_LENGTH = 20
#: What gorse's own examples call their feedback, besides our kinds by name.
_KINDS = {
    "star": EventKind.LIKE,
    "read": EventKind.WATCH,
    "dislike": EventKind.NOT_INTERESTED,
}
_TAG = Tag(name="Contracts", description="For clients of other servers.")
api = APIBlueprint("contracts", __name__, abp_tags=[_TAG])

_Count = Annotated[int, Field(ge=1), TextWhole]
_Offset = Annotated[int, Field(ge=0, le=1000), TextWhole]


class _Lenient(BaseModel):
    """What their clients send besides is left unread."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class GorsePage(_Lenient):
    """Which part of a list is wanted."""

    n: _Count = 10
    offset: _Offset = 0


class ItemPath(_Lenient):
    """An item."""

    item_id: TextId


class CategoryPath(UserPath):
    """A user and a genre."""

    category: Genre


class ItemCategoryPath(ItemPath):
    """An item and a genre."""

    category: Genre


def _time(text: object) -> object:
    """Return a day or a time without a zone as a time in UTC."""
    if text in (None, ""):
        return datetime.now(UTC)
    if not isinstance(text, str):
        return "not a time"
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return "not a time"
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Feedback(_Lenient):
    """One row of gorse's feedback."""

    FeedbackType: Annotated[str, Field(min_length=1, max_length=32)]
    UserId: TextId
    ItemId: TextId
    Timestamp: Annotated[AwareDatetime, BeforeValidator(_time)] | None = None
    Value: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] | None = None


class Feedbacks(RootModel[list[Feedback]]):
    """Gorse's feedback."""


@api.get(
    "/recommend/<user_id>",
    summary="Movie ids as plain text",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems_of(422, 503),
    },
)
@checked
def plain_text(path: UserPath) -> Response:
    """At most 20 ids with commas between them: the contract of the streaming course projects."""
    length = min(_COURSE_LENGTH, services().settings.lists.max_k)
    shown = show(services(), Asked(user_id=path.user_id, k=length))
    response = Response(",".join(map(str, shown.movie_ids)), mimetype="text/plain")
    response.headers["X-Recommendation-ID"] = shown.recommendation_id
    return response


_IDS: ResponseDict = {200: {"content": {"application/json": {"schema": {"type": "array"}}}}}


@api.get(
    "/api/recommend/<user_id>",
    summary="Recommend, as gorse does",
    responses={**_IDS, **problems_of(422, 503)},
)
@checked
def gorse_recommend(path: UserPath, query: GorsePage) -> Response:
    """Item ids as strings."""
    return _gorse_list(path.user_id, query, ())


@api.get(
    "/api/recommend/<user_id>/<category>",
    summary="Recommend of one genre, as gorse does",
    responses={**_IDS, **problems_of(422, 503)},
)
@checked
def gorse_recommend_category(path: CategoryPath, query: GorsePage) -> Response:
    """Item ids as strings."""
    return _gorse_list(path.user_id, query, (path.category,))


@api.get(
    "/api/item/<item_id>/neighbors",
    summary="Similar items, as gorse does",
    responses={
        200: {
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": GorseNeighbour.model_json_schema()}
                }
            }
        },
        **problems_of(404, 422, 503),
    },
)
@checked
def gorse_neighbours(path: ItemPath, query: GorsePage) -> Response:
    """Item ids and their scores."""
    return _gorse_neighbours(path.item_id, query, ())


_FEEDBACK: dict[str, Any] = {
    "rule": "/api/feedback",
    "summary": "Store feedback, as gorse does",
    "responses": {200: GorseRows, **problems_of(400, 409, 413, 415, 422, 503)},
    "security": KEY_MAY_BE_NEEDED,
}


# A later opinion replaces an earlier one anyway, so to insert and to upsert are the same.
@api.put(**_FEEDBACK, operation_id="gorse_upsert", endpoint="gorse_upsert")
@api.post(**_FEEDBACK, operation_id="gorse_insert", endpoint="gorse_insert")
@required("write")
@checked
def gorse_feedback(body: Feedbacks) -> Response:
    """A kind of event by its name, or gorse's `star`, `read` and `dislike`."""
    rows = body.root
    check_limits(("body", len(rows), services().settings.lists.max_batch))
    done = submit([_event(row, place) for place, row in enumerate(rows)])
    return as_json({"RowAffected": done.accepted})


# The official client ends the path with a slash where it names no category.
api.add_url_rule("/api/recommend/<user_id>/", view_func=gorse_recommend, endpoint="slash")
api.add_url_rule(
    "/api/item/<item_id>/neighbors/", view_func=gorse_neighbours, endpoint="neighbours_slash"
)


def _gorse_list(user_id: int, query: GorsePage, genres: tuple[str, ...]) -> Response:
    length = query.offset + query.n
    _check_page(query)
    shown = show(services(), Asked(user_id=user_id, k=length, genres=genres))
    return as_json([str(movie_id) for movie_id in shown.movie_ids[query.offset :]])


def _gorse_neighbours(item_id: int, query: GorsePage, genres: tuple[str, ...]) -> Response:
    _check_page(query)
    known_movie(model_now().recommender, item_id)
    asked = Asked(similar_to=item_id, k=query.offset + query.n, genres=genres)
    items = show(services(), asked).made.items[query.offset :]
    return as_json([{"Id": str(item["movie_id"]), "Score": item["score"]} for item in items])


def _check_page(query: GorsePage) -> None:
    check_limits(("n", query.n, services().settings.lists.max_k))


def _event(row: Feedback, place: int) -> Event:
    """Return a row as an event; the same row has the same id."""
    kind = _KINDS.get(row.FeedbackType)
    try:
        kind = kind or EventKind(row.FeedbackType)
        value = (row.Value or 0.0) if kind is EventKind.WATCH else row.Value
        time = row.Timestamp or datetime.now(UTC)
        stamp = row.Timestamp.isoformat() if row.Timestamp else ""
        text = f"{kind}\n{row.UserId}\n{row.ItemId}\n{stamp}\n{value}"
        event_id = "gorse-" + hashlib.sha256(text.encode()).hexdigest()[:32]
        given = value if kind in VALUED else None
        return Event(event_id, kind, row.UserId, row.ItemId, time, given)
    except (ValueError, EventError):
        kinds = ", ".join([*_KINDS, *EventKind])
        errors = [{"field": f"{place}.FeedbackType", "problem": f"must be one of {kinds}"}]
        raise Problem(422, "Nothing was stored.", kind="invalid", errors=errors) from None
