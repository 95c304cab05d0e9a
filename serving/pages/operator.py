"""Who operates the server: the admin API key, shown once, and then a short-lived signed cookie."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from serving import keys
from serving.pages.visits import signing_key
from serving.problems import Problem
from serving.services import services

COOKIE = "operator"
SECONDS = 1800
_PATH = "/ops"

P = ParamSpec("P")
T = TypeVar("T")


def operator() -> keys.ApiKey | None:
    """Return the key of whoever is signed in, as long as it is still valid, or ``None``."""
    text = request.cookies.get(COOKIE)
    if text is None:
        return None
    try:
        key_id = _serializer().loads(text, max_age=SECONDS)
    except BadSignature:
        return None
    found = keys.ring().keys().get(str(key_id))
    return found if found is not None and "admin" in found.scopes else None


def signed_in() -> keys.ApiKey:
    """Return the key of whoever is signed in.

    Raises:
        Problem: 401 where nobody is.
    """
    found = operator()
    if found is None:
        raise Problem(401, "Sign in at /ops with an API key of the scope admin first.")
    return found


def sign_in(response: Response, text: str) -> None:
    """Let the bearer of a key in.

    Raises:
        Problem: 401 where it is no valid key, 403 where it is for something else.
    """
    found = keys.ring().find(text.strip())
    if found is None:
        raise Problem(401, "The API key is not valid.")
    if "admin" not in found.scopes:
        raise Problem(403, "The API key does not have the scope admin.")
    always = services().settings.pages.secure_cookies
    response.set_cookie(
        COOKIE,
        _serializer().dumps(found.key_id),
        max_age=SECONDS,
        path=_PATH,
        secure=request.is_secure if always is None else always,
        httponly=True,
        samesite="Strict",
    )


def sign_out(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="Strict")


def only_operators(view: Callable[P, T]) -> Callable[P, T]:
    """Return a view that answers operators alone."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        signed_in()
        return view(*args, **kwargs)

    return checked


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_key(), salt="operator")
