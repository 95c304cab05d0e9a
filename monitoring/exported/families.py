"""Metric families as Prometheus takes them, made in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

#: Values by the values of the labels.
Values = Mapping[tuple[str, ...], float]


def gauge(name: str, about: str, value: float | None) -> Iterable[Metric]:
    """Return a level without labels, none where it is not known."""
    if value is not None:
        yield GaugeMetricFamily(f"roulette_{name}", about, value=value)


def gauges(name: str, about: str, labels: tuple[str, ...], values: Values) -> Iterable[Metric]:
    """Return a level with labels."""
    family = GaugeMetricFamily(f"roulette_{name}", about, labels=labels)
    for of, value in sorted(values.items()):
        family.add_metric(of, value)
    yield family


def counters(name: str, about: str, labels: tuple[str, ...], values: Values) -> Iterable[Metric]:
    """Return a total with labels; its name ends with ``_total``."""
    family = CounterMetricFamily(f"roulette_{name}", about, labels=labels)
    for of, value in sorted(values.items()):
        family.add_metric(of, value)
    yield family


def seconds_of(text: str | None) -> float | None:
    """Return an ISO 8601 time in seconds since 1970.

    Raises:
        ValueError: It is none.
    """
    return None if text is None else datetime.fromisoformat(text).timestamp()
