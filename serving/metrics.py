"""What the server says of itself to Prometheus.

With several workers each writes what it counts to files of its own in a folder, and whoever is
asked adds the files up; those of a worker that has ended stay, so that no sum ever goes back
while the server runs. The folder is emptied when the server starts. In a single process, as in
most tests, the values are in its memory.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

#: Names the folder; prometheus_client reads it when it is first imported.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_EXTENSION = "roulette.metrics"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

blueprint = Blueprint("metrics", __name__)


class Metrics:
    """The metrics of one application.

    Attributes:
        events: Events by outcome: ``accepted``, ``duplicate`` or ``conflict``.
        refused: Requests refused before they were worked on.
        models: What happened to the models of the workers, by kind.
        pages: What the web page refused, or failed at, by kind.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counter(
            "http_requests", "Requests answered.", ("method", "route", "status")
        )
        self._latency = Histogram(
            "roulette_http_request_seconds",
            "Time from the first work on a request to its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._lists = self._counter("lists_made", "Lists made, by what made them.", ("path",))
        self.events = self._counter("events_stored", "Events by outcome.", ("outcome",))
        self.refused = self._counter("http_refused", "Requests refused for want of room.")
        self.models = self._counter("model_events", "Swaps and refusals of models.", ("kind",))
        self.pages = self._counter(
            "page_events", "What the web page refused or failed at.", ("kind",)
        )
        self.attention = self._counter(
            "page_attention",
            "Places of lists that were seen, and films opened from one, on the web page.",
            ("kind", "outcome"),
        )
        self._watched: dict[str, tuple[Callable[[], float], Any, list[float]]] = {}
        self._by_version: dict[str, tuple[Callable[[], Mapping[str, float]], Gauge, set[str]]] = {}
        self._children: dict[tuple[str, str, str], tuple[Any, Any]] = {}
        self._lists_of: dict[str, Counter] = {}
        self._lock = threading.Lock()

    def request(self, method: str, route: str, status: str, seconds: float) -> None:
        """Count one answered request.

        Args:
            method: Its method.
            route: The template of its route, never its path.
            status: Three digits.
            seconds: What it took.
        """
        key = (method, route, status)
        found = self._children.get(key)
        if found is None:
            known = method if method in _METHODS else "other"
            found = (self._requests.labels(known, route, status), self._latency.labels(route))
            self._children[key] = found
        found[0].inc()
        found[1].observe(seconds)

    def list_made(self, path: str) -> None:
        """Count one list, by what made it."""
        found = self._lists_of.get(path)
        if found is None:
            found = self._lists_of[path] = self._lists.labels(path)
        found.inc()

    def watch_total(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Export a number of this process that only rises, as ``roulette_<name>_total``."""
        self._watched[name] = (value, self._counter(name, description), [0.0])

    def watch_level(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Export a number of this process, summed over the living, as ``roulette_<name>``."""
        gauge = Gauge(
            f"roulette_{name}", description, registry=self.registry, multiprocess_mode="livesum"
        )
        self._watched[name] = (value, gauge, [])

    def watch_by_version(
        self, name: str, description: str, values: Callable[[], Mapping[str, float]], mode: str
    ) -> None:
        """Export numbers of this process by model version, as ``roulette_<name>``.

        Args:
            name: Of the metric.
            description: What one value is.
            values: By version; of a version that is not among them any more it is 0.
            mode: How those of the living processes are put together: ``livesum`` or ``livemax``.
        """
        gauge = Gauge(
            f"roulette_{name}",
            description,
            ("version",),
            registry=self.registry,
            multiprocess_mode=cast(Any, mode),
        )
        self._by_version[name] = (values, gauge, set())

    def observe(self) -> None:
        """Take over the numbers that are watched; counters by what they rose since."""
        with self._lock:
            for values, gauge, known in self._by_version.values():
                found = values()
                known.update(found)
                for version in known:
                    gauge.labels(version).set(found.get(version, 0.0))
            for value, metric, before in self._watched.values():
                now = float(value())
                if not before:
                    metric.set(now)
                elif now > before[0]:
                    metric.inc(now - before[0])
                    before[0] = now

    def exposition(self) -> bytes:
        """Return all metrics of all workers in Prometheus's text format."""
        self.observe()
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is None:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _counter(self, name: str, description: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"roulette_{name}", description, labels, registry=self.registry)


def init_app(app: Flask) -> None:
    """Give ``app`` metrics and the page that shows them."""
    app.extensions[_EXTENSION] = Metrics()
    app.register_blueprint(blueprint)


def of_app(app: Flask) -> Metrics:
    """Return the metrics of an application."""
    return cast(Metrics, app.extensions[_EXTENSION])


def metrics() -> Metrics:
    """Return the metrics of the application that answers."""
    return of_app(current_app)


@blueprint.get("/metrics")
def show() -> Response:
    """Answer with every metric, summed over the workers."""
    return Response(metrics().exposition(), content_type=CONTENT_TYPE_LATEST)


def prepare_folder(folder: Path) -> Mapping[str, str]:
    """Empty the folder of the workers' files and return the variable that names it.

    Called once, before the application is imported.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    return {FOLDER_VARIABLE: str(folder)}


def forget_process(pid: int) -> None:
    """Leave out the levels of a worker that has ended; its totals stay."""
    if FOLDER_VARIABLE in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]
