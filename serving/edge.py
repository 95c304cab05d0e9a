"""The outermost layer of the application: one pass over each request, whatever becomes of it.

It gives the request its id, answers at once with 503 what the worker has no room for, completes
the headers, and counts and logs the outcome. One thin WSGI layer for all of it, since each layer
and each hook of the framework costs a request time.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask

from serving.headers import secured
from serving.ids import new_id
from serving.logs import AccessLog
from serving.metrics import Metrics, of_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: The application's extension that holds what a browser is shown that finds no room.
OVERLOADED_PAGE = "roulette.overloaded_page"
#: The one that holds what is shown for an address of which the application learns nothing.
LONG_ADDRESS_PAGE = "roulette.long_address_page"
REQUEST_ID = "X-Request-ID"
ROUTE = "roulette.route"
UNMATCHED = "(unmatched)"
#: Where Werkzeug keeps the request, as it documents.
_REQUEST = "werkzeug.request"
REFUSED = "(refused)"
_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Answered however little room there is.
_ALWAYS = ("/health/", "/metrics")
_RETRY_AFTER_SECONDS = 1
_EXTENSION = "roulette.access_log"

#: Marks threads that answer only that there is no room; set by the worker's class.
refusing = threading.local()


class Edge:
    """The layer around an application.

    Args:
        inner: The application.
        metrics: Where outcomes are counted.
        log: Where they are written, or ``None``.
        page: What a browser is shown that finds no room, or ``None`` where there are no pages.
    """

    def __init__(
        self,
        inner: WSGIApplication,
        metrics: Metrics,
        log: AccessLog | None,
        page: bytes | None = None,
    ) -> None:
        self._inner = inner
        self._metrics = metrics
        self._log = log
        self._page = page

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        started = time.perf_counter()
        if environ.get("CONTENT_LENGTH"):
            # gunicorn says that a body ends where it ends, even one that was cut off; without
            # this, Werkzeug compares it with its length.
            environ.pop("wsgi.input_terminated", None)
        request_id = _own_id(environ)
        outcome = ["500", UNMATCHED]

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[..., Any]:
            # Flask lets go of its request before it returns.
            outcome[:] = status[:3], _route_of(environ)
            complete = secured(headers)
            if REQUEST_ID not in dict(headers):
                complete.append((REQUEST_ID, request_id))
            return start_response(status, complete, *rest)

        try:
            if getattr(refusing, "active", False) and not _is_always(environ):
                return self._refuse(environ, request_id, start)
            return self._inner(environ, start)
        finally:
            method, seconds = environ["REQUEST_METHOD"], time.perf_counter() - started
            status, route = outcome
            self._metrics.request(method, route, status, seconds)
            if self._log is not None:
                self._log.request(request_id, method, route, status, seconds)

    def _refuse(
        self, environ: WSGIEnvironment, request_id: str, start: Callable[..., Any]
    ) -> list[bytes]:
        environ[ROUTE] = REFUSED
        self._metrics.refused.inc()
        if self._page is not None and "text/html" in environ.get("HTTP_ACCEPT", ""):
            return self._send_page(self._page, start)
        body = json.dumps(
            {
                "type": "/docs/problems#overloaded",
                "title": "Service Unavailable",
                "status": 503,
                "detail": "The server has more to do than it can; try again shortly.",
                "instance": f"urn:request:{request_id}",
                "request_id": request_id,
            }
        ).encode()
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(_RETRY_AFTER_SECONDS)),
        ]
        start("503 Service Unavailable", headers)
        return [body]

    def _send_page(self, page: bytes, start: Callable[..., Any]) -> list[bytes]:
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Cache-Control", "no-store"),
            ("Retry-After", str(_RETRY_AFTER_SECONDS)),
        ]
        start("503 Service Unavailable", headers)
        return [page]


def init_app(app: Flask, *, access_log: bool) -> None:
    """Put the layer around ``app``; the last that is put around it."""
    log = AccessLog() if access_log else None
    app.extensions[_EXTENSION] = log
    page = app.extensions.get(OVERLOADED_PAGE)
    app.wsgi_app = Edge(app.wsgi_app, of_app(app), log, page)  # type: ignore[method-assign]


def log_of(app: Flask) -> AccessLog | None:
    """Return where requests are logged, or ``None`` where they are not."""
    return cast("AccessLog | None", app.extensions[_EXTENSION])


def _route_of(environ: WSGIEnvironment) -> str:
    """Return the template of the route that has answered, of which Flask's request knows."""
    given: str | None = environ.get(ROUTE)
    rule = getattr(environ.get(_REQUEST), "url_rule", None)
    return given or (UNMATCHED if rule is None else str(rule.rule))


def _own_id(environ: WSGIEnvironment) -> str:
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    if not _HARMLESS.fullmatch(given):
        given = environ["HTTP_X_REQUEST_ID"] = new_id()
    return given


def _is_always(environ: WSGIEnvironment) -> bool:
    path: str = environ.get("PATH_INFO", "")
    return path.startswith(_ALWAYS)
