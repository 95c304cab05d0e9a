"""What an operator may do to a running server; every route needs a key of the scope ``admin``."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from recommender.errors import BundleError, UsageError
from serving import keys
from serving.document import problems_of
from serving.parsing import checked
from serving.problems import Problem
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


class Rollback(BaseModel):
    """Why production is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("Asked for through the API.", min_length=1, max_length=500)


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
    responses={HTTPStatus.OK: Withdrawn, **problems_of(409)},
)
@keys.required("admin")
@checked
def rollback(body: Rollback) -> Response:
    """Take production back on every worker; the publisher passes it on to the registry."""
    models = services().models
    try:
        done = models.withdraw("api", body.reason)
    except (UsageError, BundleError) as error:
        raise Problem(409, f"{error.problem}.".capitalize(), kind="no-rollback") from error
    current = models.current()
    return _json(
        Withdrawn(
            withdrawn_version=done.version, model_version=current.version if current else None
        )
    )


def _json(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), mimetype="application/json")
