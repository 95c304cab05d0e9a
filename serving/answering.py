"""From plain values to answers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Response, request

_JSON = "application/json"


def as_json(plain: Any, status: int = 200) -> Response:
    """Return ``plain`` as JSON; numbers are finite, or it is a fault of ours.

    Ids and genres that clients have chosen may hold markup. It is escaped, so that it is none even
    where someone reads the answer as a page.
    """
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.replace("<", "\\u003c").encode(), status, mimetype=_JSON)


def as_json_bytes(body: bytes) -> Response:
    """Return an answer that is JSON already."""
    return Response(body, mimetype=_JSON)


def with_etag(response: Response) -> Response:
    """Return the answer, or 304 where the client has it; for what changes with the model only."""
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response
