"""A user's list that is asked for again, answered from the cache ahead of the framework.

To find the route, check what is asked and wrap the answer takes the framework longer than all
else that a list from the cache needs. What a path and a query ask for is noted by the route that
has taken them; here they are only recognised, letter for letter, so nothing is read in two ways.
Whatever is not as before is the route's: another method, a list that must be made, a store that
does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, current_app

from events.errors import StoreOutdatedError, StoreUnavailable
from serving.edge import ROUTE
from serving.lists import Asked, Shown, show_again
from serving.metrics import Metrics, of_app
from serving.services import Services

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_EXTENSION = "roulette.repeated"
_MOST_REQUESTS = 8192
#: Characters of a path and a query that are worth remembering.
_LONGEST = 200


class KnownRequests:
    """What the requests of before asked for, by path and query; threads share it.

    What a request asks for depends on nothing that changes while the process lives.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[str, Asked]] = {}

    def note(self, environ: WSGIEnvironment, route: str, asked: Asked) -> None:
        """Remember what a GET request asks for, and the template of the route that has taken it."""
        key = _key(environ)
        if len(key[0]) + len(key[1]) > _LONGEST:
            return
        if len(self._known) >= _MOST_REQUESTS:
            self._known.clear()
        self._known[key] = route, asked

    def find(self, environ: WSGIEnvironment) -> tuple[str, Asked] | None:
        """Return what `note` was given for the same path and query, or ``None``."""
        return self._known.get(_key(environ))


class RepeatedLists:
    """The layer that answers what is known and in the cache; the rest is the application's.

    Args:
        inner: The application.
        known: What requests ask for.
        services: Of the application.
        metrics: Of the application.
    """

    def __init__(
        self, inner: WSGIApplication, known: KnownRequests, services: Services, metrics: Metrics
    ) -> None:
        self._inner = inner
        self._known = known
        self._services = services
        self._metrics = metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        known = self._known.find(environ) if environ["REQUEST_METHOD"] == "GET" else None
        shown = None if known is None else self._show(known[1])
        if known is None or shown is None:
            return self._inner(environ, start_response)
        environ[ROUTE] = known[0]
        body = shown.json
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    def _show(self, asked: Asked) -> Shown | None:
        try:
            return show_again(self._services, asked, self._metrics)
        except (StoreUnavailable, StoreOutdatedError):
            # The route will meet it too, and answers with it.
            return None


def init_app(app: Flask) -> None:
    """Put the layer around ``app``; not where something else must see each request first."""
    known = KnownRequests()
    app.extensions[_EXTENSION] = known
    services: Services = app.extensions["services"]
    app.wsgi_app = RepeatedLists(  # type: ignore[method-assign]
        app.wsgi_app, known, services, of_app(app)
    )


def note(request: Request, asked: Asked) -> None:
    """Remember what the current request asks for, where the application has the layer."""
    known: Any = current_app.extensions.get(_EXTENSION)
    if known is not None and request.url_rule is not None:
        known.note(request.environ, request.url_rule.rule, asked)


def _key(environ: WSGIEnvironment) -> tuple[str, str]:
    return environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
