"""The OpenAPI document and its page, which needs nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import flask_openapi3_swagger
from flask import Blueprint, Flask, Response, current_app, send_from_directory
from flask_openapi3.types import ResponseDict

from serving.answering import as_json, with_etag
from serving.problems import MEDIA_TYPE
from serving.schemas.fields import LIMIT
from serving.services import services

#: An answer without a body, for a client that has it already.
NOT_MODIFIED: dict[str, Any] = {"description": "Not Modified"}
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
    """Return the OpenAPI document, with the limits of the settings in it."""
    if "openapi" not in app.extensions:
        plain = json.loads(json.dumps(app.api_doc))
        plain["openapi"] = "3.1.0"
        _set_limits(plain, _limits())
        app.extensions["openapi"] = plain
    found: dict[str, Any] = app.extensions["openapi"]
    return found


def _limits() -> dict[str, int]:
    lists = services().settings.lists
    return {"max_k": lists.max_k, "max_batch": lists.max_batch, "max_history": lists.max_history}


def _set_limits(node: Any, limits: Mapping[str, int]) -> None:
    """Put the number into every schema that names a limit."""
    if isinstance(node, list):
        for part in node:
            _set_limits(part, limits)
    elif isinstance(node, dict):
        name = node.pop(LIMIT, None)
        if name is not None:
            node["maxItems" if node.get("type") == "array" else "maximum"] = limits[name]
        for part in node.values():
            _set_limits(part, limits)
