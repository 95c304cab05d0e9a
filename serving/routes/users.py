"""What is stored of a user: to be handed over, and to be erased."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from events.records import Erased, ServedList
from events.schema import Event
from serving.answering import as_json
from serving.document import KEY_MAY_BE_NEEDED, problems_of
from serving.keys import required
from serving.parsing import checked
from serving.schemas.answers import ErasedAnswer, UserAnswer
from serving.schemas.given import UserPath
from serving.services import Services, services

_TAG = Tag(name="Users", description="What is stored of a user.")
api = APIBlueprint("users", __name__, url_prefix="/v1/users", abp_tags=[_TAG])


@api.get(
    "/<user_id>",
    summary="Export all that is stored of a user",
    responses={200: UserAnswer, **problems_of(422, 503)},
    security=KEY_MAY_BE_NEEDED,
)
@required("write")
@checked
def export(path: UserPath) -> Response:
    """Events, lists that were shown, and the ratings that the served model was trained on."""
    return as_json(exported(services(), path.user_id))


def exported(using: Services, user_id: int) -> dict[str, Any]:
    """Return all that is stored of a user, as the answer has it.

    Raises:
        StoreUnavailable: The store does not answer.
    """
    using.served.flush(timeout_seconds=1.0)
    record = using.events.user(user_id)
    history = using.events.history(user_id)
    served = using.models.current()
    return {
        "user_id": user_id,
        "erased_at": None if record.erased_at is None else record.erased_at.isoformat(),
        "events": [_event(event) for event in record.events],
        "served": [_shown(shown) for shown in record.served],
        "watchlist": list(history.watchlist),
        "model_version": None if served is None else served.version,
        "model_ratings": []
        if served is None
        else [
            {"movie_id": movie_id, "rating": rating}
            for movie_id, rating in zip(
                *(part.tolist() for part in served.recommender.history(user_id)),
                strict=True,
            )
        ],
    }


@api.delete(
    "/<user_id>",
    summary="Erase a user",
    responses={200: ErasedAnswer, **problems_of(422, 503)},
    security=KEY_MAY_BE_NEEDED,
)
@required("write")
@checked
def erase(path: UserPath) -> Response:
    """Events and lists are gone when this is answered.

    From then on the served model treats the user as a stranger, and the next one is trained
    without them.
    """
    erased = erase_all(services(), path.user_id)
    return as_json(
        {
            "user_id": erased.user_id,
            "events": erased.events,
            "served": erased.served,
            "erased_at": erased.erased_at.isoformat(),
        }
    )


def erase_all(using: Services, user_id: int) -> Erased:
    """Remove all that is stored of a user; it is gone on return.

    Raises:
        StoreUnavailable: The store does not answer; nothing is gone.
    """
    using.served.flush(timeout_seconds=1.0)
    erased = using.events.erase(user_id)
    using.cache.clear()
    return erased


def _event(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "kind": event.kind.value,
        "movie_id": event.movie_id,
        "occurred_at": event.occurred_at.isoformat(),
        "value": event.value,
        "recommendation_id": event.recommendation_id,
        "position": event.position,
    }


def _shown(shown: ServedList) -> dict[str, Any]:
    return {
        "recommendation_id": shown.recommendation_id,
        "served_at": shown.served_at.isoformat(),
        "model_version": shown.model_version,
        "model_digest": shown.bundle_digest,
        "request": dict(shown.request),
        "items": [*shown.items],
    }
