"""Every error as problem details (RFC 9457).

A problem never repeats what was sent, says nothing of the code, and carries the request's id, by
which the log has the rest.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from events.errors import EventError, StoreOutdatedError, StoreUnavailable
from recommender.errors import UsageError
from serving.request_ids import request_id

MEDIA_TYPE = "application/problem+json"
#: Where the kinds of problems are described.
TYPES = "/docs/problems#"
#: What each kind means, besides those that are named as their status.
KINDS = {
    "invalid": "A value is not what it must be; errors names the fields.",
    "malformed": "The body is not JSON.",
    "conflict": "The event's id is stored with other content, which stays.",
    "no-such-movie": "The movie is not in the catalogue of the model that is served.",
    "no-such-list": "No list of this id was shown, or its user was erased.",
    "no-model": "No model is published yet.",
    "no-rollback": "There is no model to go back to, or production is taken back already.",
    "not-possible": "What an operator asked for cannot be done now; the detail says why.",
    "store-unavailable": "The event store does not answer; nothing was acknowledged.",
    "no-such-user": "The data set has no user of that number.",
    "form-refused": "A form without a valid token; its page is too old, or of another site.",
    "overloaded": "The server has more to do than it can; try again shortly.",
}
#: The application's extension that shows a problem as a page, where there are pages.
PAGE = "roulette.problem_page"
_API = ("/v1/", "/api/", "/health/", "/metrics", "/openapi.json")
_LOG = logging.getLogger(__name__)
#: What is said where the framework's sentence says less, or repeats what was sent.
_DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request is malformed.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method; see Allow.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is longer than this server takes.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body must be application/json.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something failed here; the log has it under request_id.",
}


class Problem(Exception):  # noqa: N818 - it is an answer
    """An error that a route answers with.

    Args:
        status: The HTTP status.
        detail: What is wrong, as a sentence that a client may show.
        kind: What sort of problem, a word or two joined by hyphens; the status's name otherwise.
        errors: Fields at fault, each with ``field`` and ``problem``.
        headers: Headers of the answer.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.kind = kind
        self.errors = errors
        self.headers = headers or {}
        super().__init__(detail)

    def response(self) -> Response:
        """Return the answer: a page where there are pages and a browser asks, else JSON."""
        show = current_app.extensions.get(PAGE)
        return self._json() if show is None or not is_for_page() else cast(Response, show(self))

    def _json(self) -> Response:
        status = HTTPStatus(self.status)
        kind = self.kind or status.phrase.lower().replace(" ", "-")
        body: dict[str, Any] = {
            "type": TYPES + kind,
            "title": status.phrase,
            "status": int(status),
            "detail": self.detail,
            "instance": f"urn:request:{request_id()}",
            "request_id": request_id(),
        }
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return Response(json.dumps(body), int(status), dict(self.headers), mimetype=MEDIA_TYPE)


def is_for_page() -> bool:
    """Return whether a browser asks for a page, rather than a client for the API."""
    return not request.path.startswith(_API) and "text/html" in request.accept_mimetypes.values()


def init_app(app: Flask) -> None:
    """Make ``app`` answer every error with a problem."""
    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(StoreUnavailable, _store_problem)
    app.register_error_handler(StoreOutdatedError, _outdated_problem)
    app.register_error_handler(EventError, _event_problem)
    app.register_error_handler(UsageError, _usage_problem)
    app.register_error_handler(Exception, _unexpected)


def unavailable(detail: str, *, retry_after_seconds: int = 1, kind: str | None = None) -> Problem:
    """Return the problem that says when another try makes sense."""
    return Problem(503, detail, kind=kind, headers={"Retry-After": str(retry_after_seconds)})


def _http_problem(error: HTTPException) -> Response | WerkzeugResponse:
    if error.response is not None:
        return cast(WerkzeugResponse, error.response)
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error.get_response(request.environ)
    kept = ("Allow", "Retry-After", "WWW-Authenticate")
    headers = {name: text for name, text in error.get_headers(request.environ) if name in kept}
    detail = _DETAILS.get(HTTPStatus(status), HTTPStatus(status).description)
    return Problem(status, detail or HTTPStatus(status).phrase, headers=headers).response()


def _store_problem(error: StoreUnavailable) -> Response:
    _LOG.warning("the event store does not answer: %s", error)
    return unavailable(
        "The event store does not answer; nothing of the request was acknowledged.",
        retry_after_seconds=error.retry_after_seconds,
        kind="store-unavailable",
    ).response()


def _outdated_problem(error: StoreOutdatedError) -> Response:
    _LOG.error("%s", error)
    detail = "The event store waits for its migration; nothing of the request was acknowledged."
    return unavailable(detail, retry_after_seconds=30, kind="store-unavailable").response()


def _event_problem(error: EventError) -> Response:
    errors = [{"field": error.field, "problem": error.problem}]
    return Problem(422, "An event cannot be stored.", kind="invalid", errors=errors).response()


def _usage_problem(error: UsageError) -> Response:
    return Problem(422, f"{error.problem}.".capitalize(), kind="invalid").response()


def _unexpected(error: Exception) -> Response:
    _LOG.error("request %s failed", request_id(), exc_info=error)
    return Problem(500, _DETAILS[HTTPStatus.INTERNAL_SERVER_ERROR]).response()
