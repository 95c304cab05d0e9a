"""What is published, what was measured of it, and how the publisher fares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric

from monitoring.exported.families import gauge, gauges, seconds_of
from recommender.publication import PublishedFolder

#: Ends the names of the bounds of a metric's interval.
_BOUNDS = ("_low", "_high")


def of_models(state: Path) -> Iterator[Metric]:
    """Yield the published model: its version, age and test metrics."""
    pointer = PublishedFolder(state / "published").pointer()
    if pointer is None:
        return
    model, before = pointer.production, pointer.previous
    yield from gauges(
        "published_model_info",
        "The model that is published: 1.",
        ("version", "digest", "previous_version"),
        {(model.version, model.digest[:12], before.version if before else ""): 1.0},
    )
    yield from gauge(
        "published_model_published_timestamp_seconds",
        "When it was published.",
        seconds_of(pointer.published_at),
    )
    yield from gauge(
        "published_model_registered_timestamp_seconds",
        "When it was registered.",
        seconds_of(model.lineage.get("registered_at")),
    )
    yield from gauges(
        "published_model_test_score",
        "What was measured of it on test ratings.",
        ("metric",),
        {(name,): v for name, v in model.metrics.items() if not name.endswith(_BOUNDS)},
    )


def of_publisher(state: Path) -> Iterator[Metric]:
    """Yield how the publisher fares, and whether a model is taken back."""
    folder = PublishedFolder(state / "published")
    status = folder.status()
    if status is not None:
        yield from gauge(
            "publisher_last_look_timestamp_seconds",
            "When it last asked the registry.",
            seconds_of(status.looked_at),
        )
        yield from gauge(
            "publisher_last_success_timestamp_seconds",
            "When the folder last was as the registry wants it.",
            seconds_of(status.succeeded_at),
        )
        yield from gauge(
            "publisher_failing_ratio", "Whether it fails: 1 or 0.", float(status.error is not None)
        )
    withdrawn = folder.withdrawal() is not None
    yield from gauge(
        "published_model_withdrawn_ratio", "Whether it is taken back: 1 or 0.", float(withdrawn)
    )
