"""Every error as problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, json
from werkzeug.exceptions import HTTPException

from recommender.errors import UsageError


def init_app(app: Flask) -> None:
    """Make ``app`` answer errors with ``application/problem+json``."""
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(UsageError, _usage_problem)


def _http_problem(error: HTTPException) -> Response:
    return _problem(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.description or "")


def _usage_problem(error: UsageError) -> Response:
    return _problem(HTTPStatus.BAD_REQUEST, str(error))


def _problem(status: int, detail: str) -> Response:
    body = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return Response(json.dumps(body), status, mimetype="application/problem+json")
