"""How much one client may ask, and whom to believe about who the client is.

The bound on what a worker does at once is in `serving.worker`, that on the length of a body is
Flask's ``MAX_CONTENT_LENGTH``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request
from flask_limiter import ApplicationLimit, Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from serving.metrics import Metrics, of_app
from serving.settings import WebSettings

#: Neither probes nor the parts of a page count; a page has dozens of them.
_EXEMPT = ("/health/", "/metrics", "/static/", "/posters/")
_REDIS = ("redis", "rediss")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def init_app(app: Flask, settings: WebSettings) -> None:
    """Hold clients of ``app`` to the limits, and trust the proxies, that the settings name.

    The application has its metrics already.
    """
    if settings.trusted_proxies > 0:
        n_proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=n_proxies, x_proto=n_proxies, x_host=n_proxies
        )
    limits = _limits(settings)
    if limits:
        limiter = Limiter(
            get_remote_address,
            app=app,
            application_limits=limits,
            storage_uri=settings.rate_storage,
            storage_options=_options(settings.rate_storage),
            # Where Redis is away each worker counts for itself, rather than failing requests.
            in_memory_fallback_enabled=True,
            headers_enabled=True,
        )
        limiter.request_filter(_is_exempt)
        _watch(of_app(app), limiter)


def are_set(settings: WebSettings) -> bool:
    """Return whether requests are counted."""
    return bool(_limits(settings))


def _options(storage: str) -> dict[str, str | int]:
    """Return how long Redis is waited for; a request waits no longer than that, and once."""
    if not storage.startswith(_REDIS):
        return {}
    waits: dict[str, Any] = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), 0.25)
    return waits


def _watch(metrics: Metrics, limiter: Limiter) -> None:
    usual = limiter.limiter
    metrics.watch_level(
        "http_rate_apart_workers",
        "Workers that count requests for themselves, since the store of the counts is away.",
        lambda: float(limiter.limiter is not usual),
    )


def _limits(settings: WebSettings) -> list[str | Callable[[], str] | ApplicationLimit]:
    limits: list[str | Callable[[], str] | ApplicationLimit] = []
    if settings.rate_limit:
        limits.append(ApplicationLimit(settings.rate_limit, scope="all"))
    if settings.write_rate_limit:
        writes = ApplicationLimit(settings.write_rate_limit, scope="writes", exempt_when=_is_read)
        limits.append(writes)
    return limits


def _is_exempt() -> bool:
    return request.path.startswith(_EXEMPT)


def _is_read() -> bool:
    return request.method in _READS
