"""Who visits: a signed cookie that names a session and, once there is one, a user.

A visitor who only looks has a session and no user. The first thing that is to be remembered (a
rating, a watchlist entry) gives them a pseudonymous user id of their own, so that events,
export and erasure work as for anyone. Ids of visitors are drawn from the upper half of 31 bits,
which data sets do not use and training can hold.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import cast

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from serving.metrics import metrics
from serving.pages.secret import SigningSecret
from serving.problems import Problem, unavailable
from serving.services import services

COOKIE = "roulette"
_EXTENSION = "roulette.pages.secret"
_SECONDS_KEPT = 365 * 24 * 3600
FIRST_VISITOR_ID = 2**30
_LAST_VISITOR_ID = 2**31 - 1
_TRIES = 8


@dataclass(frozen=True)
class Visit:
    """One browser.

    Attributes:
        session: Unguessable; forms are bound to it.
        user_id: As whom events are stored and lists made, or ``None`` before the first event.
        is_demo: Whether they signed in as a user of the data set.
    """

    session: str
    user_id: int | None = None
    is_demo: bool = False


def init_app(app: Flask) -> None:
    """Give ``app`` the secret that signs."""
    app.extensions[_EXTENSION] = SigningSecret(app.extensions["services"].settings.secret_file)


def signing_key() -> bytes:
    """Return the secret."""
    return cast(SigningSecret, current_app.extensions[_EXTENSION]).key


def visit() -> Visit:
    """Return who makes this request."""
    if "visit" not in g:
        found = _read_cookie()
        g.visit = found or Visit(_new_session())
        g.visit_changed = found is None
    return cast(Visit, g.visit)


def user_to_be() -> int:
    """Return the visitor's user id, a new one where they have none yet.

    Raises:
        StoreUnavailable: The store does not answer.
    """
    found = visit().user_id
    if found is None:
        found = _unused_id()
        _change(replace(visit(), user_id=found))
    return found


def sign_in(user_id: int) -> None:
    """Make the visitor a user of the data set, under a new session.

    Raises:
        Problem: 403 where that is not offered, 404 where there is no such user.
    """
    using = services()
    if not using.settings.pages.demo_sign_in:
        raise Problem(403, "This server lets nobody sign in as a user of the data set.")
    served = using.models.current()
    if served is None:
        raise unavailable("No model is published yet.", retry_after_seconds=5, kind="no-model")
    known = user_id < FIRST_VISITOR_ID and user_id in served.recommender.user_ids
    if not known:
        raise Problem(404, "The data set has no user of that number.", kind="no-such-user")
    _change(Visit(_new_session(), user_id, is_demo=True))


def begin_anew() -> None:
    """Forget who the visitor was: a new session without a user."""
    _change(Visit(_new_session()))


def remember(response: Response) -> Response:
    """Send the cookie where it is new; called after each page's request."""
    if g.get("visit_changed"):
        found = visit()
        text = _serializer().dumps([found.session, found.user_id, found.is_demo])
        set_cookie(response, COOKIE, text, kept=found.user_id is not None)
    return response


def set_cookie(
    response: Response, name: str, text: str, *, kept: bool, seconds: int = _SECONDS_KEPT
) -> None:
    """Set a cookie that no script reads and no other site sends.

    Args:
        response: On which.
        name: Its name.
        text: What it holds.
        kept: Whether it outlives the browser's session.
        seconds: For how long, if so.
    """
    always = services().settings.pages.secure_cookies
    response.set_cookie(
        name,
        text,
        max_age=seconds if kept else None,
        secure=request.is_secure if always is None else always,
        httponly=True,
        samesite="Lax",
    )


def _change(to: Visit) -> None:
    g.visit, g.visit_changed = to, True


def _read_cookie() -> Visit | None:
    text = request.cookies.get(COOKIE)
    if text is None:
        return None
    try:
        session, user_id, is_demo = _serializer().loads(text, max_age=_SECONDS_KEPT)
    except (BadSignature, ValueError, TypeError):
        metrics().pages.labels("cookie-refused").inc()
        return None
    return Visit(session, user_id, is_demo)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_key(), salt="visit")


def _new_session() -> str:
    return secrets.token_hex(16)


def _unused_id() -> int:
    """Return an id of which the store knows nothing.

    Raises:
        Problem: 503, after a number of tries that means that something is wrong.
    """
    for _ in range(_TRIES):
        drawn = FIRST_VISITOR_ID + secrets.randbelow(_LAST_VISITOR_ID - FIRST_VISITOR_ID + 1)
        if services().events.watermark(drawn) == 0:
            return drawn
    raise unavailable("There is no room for another visitor now.")
