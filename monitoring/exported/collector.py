"""Everything that the state folder says, read anew for every scrape."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from monitoring.exported.drift import of_decisions, of_drift, of_profiles
from monitoring.exported.models import of_models, of_publisher
from monitoring.exported.pipelines import of_alerts, of_pipelines
from recommender.errors import RouletteError

_LOG = logging.getLogger(__name__)
_SOURCES: dict[str, Callable[[Path], Iterator[Metric]]] = {
    "pipelines": of_pipelines,
    "alerts": of_alerts,
    "models": of_models,
    "publisher": of_publisher,
    "drift": of_drift,
    "decisions": of_decisions,
    "profiles": of_profiles,
}
#: What a file that is damaged, or of a later version, comes to.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, sqlite3.Error, RouletteError)


class StateCollector(Collector):
    """Reads the state folder; what cannot be read is left out, and says so.

    Args:
        state: Usually ``var``.
    """

    def __init__(self, state: Path) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, and which sources could be read."""
        readable = GaugeMetricFamily(
            "roulette_exporter_readable_ratio",
            "Whether what the metrics are read from could be read: 1 or 0.",
            labels=("source",),
        )
        for name, read in _SOURCES.items():
            try:
                found = list(read(self._state))
            except (
                OSError,
                ValueError,
                KeyError,
                TypeError,
                sqlite3.Error,
                RouletteError,
            ) as error:
                _LOG.warning("%s cannot be read: %r", name, error)
                readable.add_metric((name,), 0.0)
            else:
                readable.add_metric((name,), 1.0)
                yield from found
        yield readable
