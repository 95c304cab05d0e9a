"""What operating the server needs, put around an application in the right order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from flask_openapi3 import OpenAPI

from serving import admin, edge, health, keys, limits, metrics, repeated, stopping
from serving.metrics import Metrics
from serving.models.following import ModelEvent
from serving.models.loading import ServedModel
from serving.services import Services
from serving.settings import ServerSettings

_LOG = logging.getLogger(__name__)


def init_app(app: OpenAPI, settings: ServerSettings) -> None:
    """Give ``app`` keys, limits, metrics, logs, health and the operator's routes.

    To be called last: what it puts around the application is the outermost.
    """
    stopping.init_app(app, settings.run_folder)
    keys.init_app(app, settings.keys_file, anonymous_writes=settings.web.anonymous_writes)
    metrics.init_app(app)
    _watch(metrics.of_app(app), app.extensions["services"])
    app.register_api(health.api)
    app.register_api(admin.api)
    if not limits.are_set(settings.web):
        # A limit counts each request, and says in the answer how many are left.
        repeated.init_app(app)
    limits.init_app(app, settings.web)
    edge.init_app(app, access_log=settings.web.access_log)


def _watch(own: Metrics, services: Services) -> None:
    cache, served, models = services.cache, services.served, services.models
    retention = services.retention
    models.on_event(model_events(own))
    totals: dict[str, tuple[str, Callable[[], float]]] = {
        "cache_hits": ("Lists found in the cache.", lambda: cache.hits),
        "cache_misses": ("Lists that were not in the cache.", lambda: cache.misses),
        "served_dropped_lists": (
            "Served lists that could not be logged.",
            lambda: served.dropped,
        ),
        "served_removed_lists": (
            "Served lists that were too old to be kept.",
            lambda: retention.removed,
        ),
        "served_retention_failures": (
            "Times that old served lists could not be removed.",
            lambda: retention.failures,
        ),
    }
    for name, (description, value) in totals.items():
        own.watch_total(name, description, value)
    levels: dict[str, tuple[str, Callable[[], float]]] = {
        "cache_lists": ("Lists in the caches.", lambda: len(cache)),
        "served_waiting_lists": ("Served lists that wait to be logged.", lambda: served.waiting),
        "events_waiting_events": (
            "Events that wait to be durable.",
            lambda: services.commits.waiting,
        ),
        "model_loaded_workers": (
            "Workers that have a model.",
            lambda: float(models.current() is not None),
        ),
        "model_refused_bundles": (
            "What is published and not served, over the workers.",
            lambda: len(models.refused()),
        ),
    }
    for name, (description, value) in levels.items():
        own.watch_level(name, description, value)
    own.watch_by_version(
        "model_serving_workers",
        "Workers that answer with this version.",
        lambda: {model.version: 1.0} if (model := models.current()) else {},
        "livesum",
    )
    own.watch_by_version(
        "model_registered_timestamp_seconds",
        "When the version that answers was registered; 0 where it is not served any more.",
        lambda: registered_at(models.current()),
        "livemax",
    )


def registered_at(model: ServedModel | None) -> dict[str, float]:
    """Return when a served model was registered, by version; nothing where nobody knows."""
    text = None if model is None else model.published.lineage.get("registered_at")
    if model is None or text is None:
        return {}
    return {model.version: datetime.fromisoformat(text).timestamp()}


def model_events(own: Metrics) -> Callable[[ModelEvent], None]:
    """Return what counts and logs the events of a worker's models."""

    def note(event: ModelEvent) -> None:
        own.models.labels(event.kind).inc()
        level = logging.INFO if event.kind == "swapped" else logging.WARNING
        _LOG.log(level, "model version %s %s: %s", event.version, event.kind, event.detail)

    return note
