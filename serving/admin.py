"""What an operator may do to a running server; every route needs a key of the scope ``admin``."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from serving import deeds, keys
from serving.answering import as_json
from serving.described import described
from serving.document import problems_of
from serving.overview import overview
from serving.parsing import checked
from serving.schemas.operation import DoneAnswer, OpsAnswer, Promotion, Reasoned
from serving.services import services

_SECURITY: list[dict[str, list[str]]] = [{"api_key": []}]

api = APIBlueprint(
    "admin",
    __name__,
    url_prefix="/v1/admin",
    abp_tags=[Tag(name="operation", description="For whoever operates the server.")],
    abp_security=_SECURITY,
)


class Refused(BaseModel):
    """Something published that is not served."""

    digest: str | None
    version: str | None
    reason: str
    at: str


class Served(BaseModel):
    """What this worker serves now."""

    model_version: str | None
    model_digest: str | None
    previous_version: str | None
    refused: list[Refused]


class Withdrawn(BaseModel):
    """A model that was taken back."""

    withdrawn_version: str
    model_version: str | None = Field(description="The version that answers now.")
    unnoted: str | None = Field(
        None, description="Why the audit log lacks the line that says so; `null` where it has it."
    )


class Rollback(BaseModel):
    """Why production is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("Asked for through the API.", min_length=1, max_length=500)


@api.get("/ops", summary="How all is", responses={HTTPStatus.OK: OpsAnswer})
@keys.required("admin")
def ops() -> Response:
    """Health, model, drift, performance, decisions, versions and deeds, as the page shows them."""
    response = as_json(described(overview(services())))
    response.headers["Cache-Control"] = "no-store"
    return response


@api.post("/reload", summary="Look for a new model at once", responses={HTTPStatus.OK: Served})
@keys.required("admin")
def reload() -> Response:
    """Make every worker look again, and try again what it has refused."""
    models = services().models
    models.reload()
    current, previous = models.current(), models.previous()
    return _json(
        Served(
            model_version=current.version if current else None,
            model_digest=current.digest if current else None,
            previous_version=previous.version if previous else None,
            refused=[Refused(**vars(refusal)) for refusal in models.refused()],
        )
    )


@api.post(
    "/rollback",
    summary="Serve the model before",
    responses={HTTPStatus.OK: Withdrawn, **problems_of(409, 503)},
)
@keys.required("admin")
@checked
def rollback(body: Rollback) -> Response:
    """Take production back on every worker; the publisher passes it on to the registry."""
    done = deeds.roll_back(keys.sender().key_id, deeds.checked_reason(body.reason))
    current = services().models.current()
    return _json(
        Withdrawn(
            withdrawn_version=done.subject,
            model_version=current.version if current else None,
            unnoted=done.unnoted,
        )
    )


@api.post(
    "/retrain",
    summary="Ask for a retraining",
    responses={HTTPStatus.ACCEPTED: DoneAnswer, **problems_of(409, 503)},
)
@keys.required("admin")
@checked
def retrain(body: Reasoned) -> Response:
    """Leave a request for the next round of monitoring; `GET /v1/admin/ops` follows it."""
    return _accepted(deeds.retrain(keys.sender().key_id, deeds.checked_reason(body.reason)))


@api.post(
    "/promote",
    summary="Ask for a version to be production",
    responses={HTTPStatus.ACCEPTED: DoneAnswer, **problems_of(409, 503)},
)
@keys.required("admin")
@checked
def promote(body: Promotion) -> Response:
    """Leave a request, which the publisher carries out, whatever the gate said of the version."""
    reason = deeds.checked_reason(body.reason)
    return _accepted(deeds.promote(keys.sender().key_id, body.version, reason))


def _accepted(done: deeds.Done) -> Response:
    return as_json({"message": done.message, "unnoted": done.unnoted}, HTTPStatus.ACCEPTED)


def _json(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), mimetype="application/json")
