"""What visitors do, taken in; acknowledged when it is durable, and not before."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from events.errors import EventError
from events.records import Appended
from events.schema import Event, EventKind
from recommender.scale import RatingScale
from serving.answering import as_json
from serving.document import KEY_MAY_BE_NEEDED, problems_of
from serving.keys import required
from serving.metrics import metrics
from serving.observing import events_stored
from serving.parsing import check_limits, checked
from serving.problems import Problem
from serving.schemas.answers import EventsAnswer
from serving.schemas.given import EventBody, EventsBody
from serving.services import services

_TAG = Tag(name="Events", description="What visitors do.")
api = APIBlueprint("events", __name__, url_prefix="/v1", abp_tags=[_TAG])


@api.post(
    "/events",
    summary="Store events",
    responses={202: EventsAnswer, **problems_of(400, 409, 413, 415, 422, 503)},
    security=KEY_MAY_BE_NEEDED,
)
@required("write")
@checked
def store(body: EventsBody) -> Response:
    """One event or a list, all or nothing; 202 says that they are on disk.

    An event whose id is stored already changes nothing, so a request may be sent again.
    """
    bodies = body.bodies
    check_limits(("body", len(bodies), services().settings.lists.max_batch))
    return answer_to(submit(to_events(bodies)))


def to_events(bodies: Sequence[EventBody]) -> list[Event]:
    """Return the events, checked as the store needs them.

    Raises:
        Problem: 422 with the first event at fault.
    """
    scale = rating_scale()
    found = []
    for place, body in enumerate(bodies):
        try:
            found.append(_in_scale(body.to_event(), scale))
        except EventError as error:
            field = error.field if len(bodies) == 1 else f"{place}.{error.field}"
            errors = [{"field": field, "problem": error.problem}]
            detail = "An event cannot be stored; nothing of the request was."
            raise Problem(422, detail, kind="invalid", errors=errors) from None
    return found


def submit(found: Sequence[Event]) -> Appended:
    """Store events; they are durable on return.

    Raises:
        StoreUnavailable: Answered with 503 and Retry-After; nothing was acknowledged.
        Problem: 409 where all of them are known with other content.
    """
    done = services().commits.submit(found)
    counted = {
        "accepted": done.accepted,
        "duplicate": done.duplicates,
        "conflict": len(done.conflicts),
    }
    for outcome, count in counted.items():
        metrics().events.labels(outcome).inc(count)
    events_stored(services(), found, done)
    if done.conflicts and not done.accepted and not done.duplicates:
        errors = [{"field": "event_id", "problem": "is stored already with other content"}]
        raise Problem(409, "Nothing was stored.", kind="conflict", errors=errors)
    return done


def answer_to(done: Appended) -> Response:
    """Return what came of events."""
    return as_json(
        {
            "accepted": done.accepted,
            "duplicates": done.duplicates,
            "conflicts": list(done.conflicts),
        },
        202,
    )


def rating_scale() -> RatingScale:
    """Return the scale of the model that is served, MovieLens's without one."""
    served = services().models.current()
    return RatingScale() if served is None else served.recommender.scale


def _in_scale(event: Event, scale: RatingScale) -> Event:
    stars = event.value if event.kind is EventKind.RATING else None
    if stars is not None and not scale.minimum <= stars <= scale.maximum:
        limits = f"must be from {scale.minimum:g} to {scale.maximum:g} stars"
        raise EventError("value", limits, stars)
    return event
