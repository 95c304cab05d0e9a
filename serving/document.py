"""The OpenAPI document and its page, which needs nothing from elsewhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import flask_openapi3_swagger
from flask import Blueprint, Flask, Response, current_app, send_from_directory
from flask_openapi3.types import ResponseDict

from serving.answering import as_json, with_etag
from serving.problems import MEDIA_TYPE
from serving.services import services
from serving.settings import ListSettings

#: An answer without a body, for a client that has it already.
NOT_MODIFIED: dict[str, Any] = {"description": "Not Modified"}
#: A key of the scope, or none where the settings let anyone write.
KEY_MAY_BE_NEEDED: list[dict[str, list[Any]]] = [{"api_key": []}, {}]
#: Problems that any route may answer with; those with a body; those that may ask for a key.
_OF_ALL = (429, 500, 503)
_OF_BODIES = (400, 413, 415, 422)
_OF_KEYS = (401, 403)
_LENGTHS = frozenset({"k", "n", "limit"})
_EXTENSION = "roulette.document"
_SWAGGER = Path(flask_openapi3_swagger.__file__).parent / "templates" / "swagger"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Movie Roulette: the API</title>
<link rel="stylesheet" href="/docs/files/css/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/files/js/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """window.addEventListener("load", () => {
  SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null});
});
"""
blueprint = Blueprint("document", __name__)


def problems_of(*statuses: int) -> ResponseDict:
    """Return the documented problems of a route; 500 and what anyone may meet are added."""
    reference = {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: reference}}
        for status in statuses
    }


def init_app(app: Flask) -> None:
    """Add the document and its page to ``app``."""
    app.register_blueprint(blueprint)


@blueprint.get("/openapi.json")
def document() -> Response:
    """Answer with the document."""
    return with_etag(as_json(document_of(current_app)))


@blueprint.get("/docs")
def page() -> Response:
    """Answer with the page."""
    return Response(_PAGE, mimetype="text/html")


@blueprint.get("/docs/start.js")
def start() -> Response:
    """Answer with what starts the page; a script of its own, so that none needs to be inline."""
    return Response(_START, mimetype="text/javascript")


@blueprint.get("/docs/files/<path:name>")
def file(name: str) -> Response:
    """Answer with a file of the page."""
    return send_from_directory(_SWAGGER, name)


def document_of(app: Any) -> dict[str, Any]:
    """Return the OpenAPI document: what flask-openapi3 reads from the code, completed.

    Added are the limits of the settings, and the problems that any route of a kind may answer.
    """
    if _EXTENSION not in app.extensions:
        plain = json.loads(json.dumps(app.api_doc))
        for path in plain["paths"].values():
            for operation in path.values():
                _complete(operation)
        _limit(plain, services().settings.lists)
        app.extensions[_EXTENSION] = plain
    found: dict[str, Any] = app.extensions[_EXTENSION]
    return found


def _complete(operation: dict[str, Any]) -> None:
    statuses = [*_OF_ALL]
    statuses += _OF_BODIES if "requestBody" in operation else ()
    statuses += _OF_KEYS if "security" in operation else ()
    statuses += (422,) if "422" in operation["responses"] else ()
    own = operation["responses"]
    for status, problem in problems_of(*statuses).items():
        if status == HTTPStatus.UNPROCESSABLE_ENTITY or str(status) not in own:
            own[str(status)] = problem


def _limit(document: dict[str, Any], lists: ListSettings) -> None:
    """Put the limits of the settings into the schemas."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in _LENGTHS:
                    parameter["schema"]["maximum"] = lists.max_k
    schemas = document["components"]["schemas"]
    visitor = schemas["VisitorBody"]["properties"]
    visitor["k"]["maximum"] = lists.max_k
    for name in ("liked", "ratings"):
        visitor[name]["maxItems"] = lists.max_history
    for schema in (schemas["Feedbacks"], *_branches(schemas["EventsBody"])):
        if schema.get("type") == "array":
            schema["maxItems"] = lists.max_batch


def _branches(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = schema.get("oneOf") or schema.get("anyOf") or []
    return found
