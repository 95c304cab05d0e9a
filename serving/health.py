"""Whether the process lives, and whether it should be sent requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from recommender.errors import RouletteError
from serving.services import Services, services
from serving.stopping import is_stopping

api = APIBlueprint(
    "health",
    __name__,
    url_prefix="/health",
    abp_tags=[Tag(name="operation", description="For whoever operates the server.")],
)


class Live(BaseModel):
    """A process that answers."""

    status: Literal["live"] = "live"


class Readiness(BaseModel):
    """Whether requests should be sent here, and if not why."""

    status: Literal["ready", "not-ready"]
    reasons: list[str] = Field(default=[], description="Why it is not ready.")
    model_version: str | None = Field(None, description="The version that answers.")
    model_digest: str | None = Field(None, description="Digest of its bundle.")
    refused: list[str] = Field(default=[], description="What is published and not served.")


@api.get("/live", summary="Whether the process answers", responses={HTTPStatus.OK: Live})
def live() -> Response:
    """Answer as long as the process can answer at all."""
    return _json(Live(), HTTPStatus.OK)


@api.get(
    "/ready",
    summary="Whether requests should be sent here",
    responses={HTTPStatus.OK: Readiness, HTTPStatus.SERVICE_UNAVAILABLE: Readiness},
)
def ready() -> Response:
    """Answer 200 with a model, a store of events, and no word that the server stops; else 503."""
    found = readiness(services(), stopping=is_stopping())
    ok = found.status == "ready"
    return _json(found, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


def readiness(using: Services, *, stopping: bool) -> Readiness:
    """Return whether requests should be sent to this process.

    Args:
        using: What it stands on.
        stopping: Whether it is about to stop.
    """
    model = using.models.current()
    reasons = ["The server is stopping."] if stopping else []
    if model is None:
        reasons.append("No model is loaded; lists are the popular films.")
    if _store_fails(using):
        reasons.append("The event store does not answer.")
    return Readiness(
        status="not-ready" if reasons else "ready",
        reasons=reasons,
        model_version=None if model is None else model.version,
        model_digest=None if model is None else model.digest,
        refused=[refusal.digest or "pointer" for refusal in using.models.refused()],
    )


def _store_fails(using: Services) -> bool:
    try:
        using.events.check()
    except RouletteError:
        return True
    return False


def _json(body: BaseModel, status: HTTPStatus) -> Response:
    response = Response(body.model_dump_json(), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
