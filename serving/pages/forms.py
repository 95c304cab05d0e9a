"""Forms: tokens against forgery, where to go afterwards, and what they store.

A token is a nonce and the keyed hash of nonce and session. The nonce makes every page's token
another one, so that compressed pages give nothing away about it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from pydantic import ValidationError

from events.schema import EventKind
from serving.ids import new_id
from serving.metrics import metrics
from serving.pages.visits import set_cookie, signing_key, user_to_be, visit
from serving.parsing import problem_of
from serving.problems import Problem
from serving.routes.events import submit, to_events
from serving.schemas.given import EventBody

TOKEN_FIELD = "token"  # noqa: S105 - the name of a field
NOTICE = "notice"
_NONCE = 16
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST_PATH = 2000


def token() -> str:
    """Return a token for the forms of this page."""
    nonce = secrets.token_hex(_NONCE // 2)
    return f"{nonce}{_hash(nonce)}"


def check_token() -> None:
    """Do nothing where a request may change something: it comes from a form of this visitor.

    Raises:
        Problem: 403.
    """
    if request.method in _SAFE:
        return
    given = request.form.get(TOKEN_FIELD, "")
    nonce, found = given[:_NONCE], given[_NONCE:]
    elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site"
    if elsewhere or not hmac.compare_digest(found.encode(), _hash(nonce).encode()):
        metrics().pages.labels("form-refused").inc()
        detail = "The form has expired or was not sent from this site; go back and try again."
        raise Problem(403, detail, kind="form-refused")


def back(default: str, notice: str | None = None) -> Response:
    """Return the way to the page that a form names, else to ``default``.

    Args:
        default: A path of this site.
        notice: A word of what was done; see `serving.pages.rendering.NOTICES`.
    """
    wanted = request.form.get("next", "")
    return see(wanted if is_own_path(wanted) else default, notice)


def see(path: str, notice: str | None = None) -> Response:
    """Return the way to another page of this site.

    Args:
        path: Of that page.
        notice: A word of what was done; see `serving.pages.rendering.NOTICES`.
    """
    response = Response(status=303)
    response.location = path
    if notice is not None:
        set_cookie(response, NOTICE, notice, kept=True, seconds=60)
    return response


def is_own_path(path: str) -> bool:
    """Return whether ``path`` leads to this site, whatever a browser makes of it.

    >>> [is_own_path(path) for path in ("/movies?q=x", "//elsewhere.example", "http://elsewhere")]
    [True, False, False]
    """
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isascii()
        and path.isprintable()
        and len(path) <= _LONGEST_PATH
    )


def store(kind: EventKind, movie_id: int, value: float | None = None) -> None:
    """Store one thing that the visitor does with a movie; it is durable on return.

    Raises:
        Problem: 422 where a value is not what it must be.
        StoreUnavailable: Nothing was stored.
    """
    fields: dict[str, Any] = {
        "event_id": new_id(),
        "kind": kind,
        "user_id": user_to_be(),
        "movie_id": movie_id,
        "occurred_at": datetime.now(UTC),
        "value": value,
        "recommendation_id": request.form.get("list") or None,
        "position": request.form.get("place", type=int),
    }
    try:
        body = EventBody(**fields)
    except ValidationError as error:
        raise problem_of(error) from None
    submit(to_events([body]))


def _hash(nonce: str) -> str:
    message = f"form:{nonce}:{visit().session}".encode()
    return hmac.new(signing_key(), message, hashlib.sha256).hexdigest()
