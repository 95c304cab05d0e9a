"""What was sent, what came back, and how good it truly was; safe for many threads."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulation.traffic.behaviour import Action
from simulation.traffic.connection import Answer
from simulation.traffic.schedule import Visit
from simulation.traffic.truth import Quality, mean_quality

_MOST_BUCKETS = 60


@dataclass
class Record:
    """The tally of one drive.

    Attributes:
        latencies: By step of a visit: seconds from when a request was due to its answer.
        failed: Requests that failed, by step and kind.
        lateness: Seconds by which each visit began late, for want of a free connection.
        done: Things that viewers did, by kind.
        visits: Visits that were made, by kind.
        accepted: Events that the server took.
        malformed: By kind of fault: how many the server refused, and how many it took.
        reopened: Idle connections that the server had closed.
    """

    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    lateness: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    malformed: Counter[tuple[str, str]] = field(default_factory=Counter)
    reopened: int = 0
    _lists: list[tuple[Visit, str | None, Quality]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def began(self, visit: Visit, late: float) -> None:
        """Note that a visit began, and how late."""
        with self._lock:
            self.visits[visit.kind] += 1
            self.lateness.append(max(late, 0.0))

    def answered(self, step: str, seconds: float, answer: Answer) -> None:
        """Note an answer, or the want of one."""
        with self._lock:
            self.latencies[step].append(seconds)
            if answer.failure is not None:
                self.failed[step, answer.failure] += 1

    def stored(self, actions: Iterable[Action], accepted: int) -> None:
        """Note events that were sent and answered."""
        with self._lock:
            self.done.update(action.kind for action in actions)
            self.accepted += accepted

    def refused(self, fault: str, answer: Answer) -> None:
        """Note how the server took what was no event: with a status of 4xx, or not as it should."""
        status = answer.status
        outcome = "lost" if status is None else f"{status // 100}xx"
        with self._lock:
            self.malformed[fault, outcome] += 1

    def shown(self, visit: Visit, version: str | None, quality: Quality) -> None:
        """Note how good a list truly was, and which version made it."""
        with self._lock:
            self._lists.append((visit, version, quality))

    def closed(self, reopened: int) -> None:
        """Note what a connection went through."""
        with self._lock:
            self.reopened += reopened

    @property
    def n_failed(self) -> int:
        """Requests that failed, malformed ones not among them."""
        return sum(self.failed.values())

    @property
    def n_taken(self) -> int:
        """Malformed requests that the server did not refuse."""
        return sum(count for (_, outcome), count in self.malformed.items() if outcome != "4xx")

    def truth(self) -> list[dict[str, Any]]:
        """Return the mean quality by version, by time before or after the change, and by kind."""
        found: dict[tuple[str, bool, str], list[Quality]] = defaultdict(list)
        for visit, version, quality in self._lists:
            found[version or "none", visit.after, visit.kind].append(quality)
        return [
            {
                "model_version": version,
                "phase": "after" if after else "before",
                "viewers": kind,
                "lists": len(values),
                **mean_quality(values),
            }
            for (version, after, kind), values in sorted(found.items())
        ]

    def timeline(self, seconds: float) -> list[dict[str, Any]]:
        """Return the mean quality of known viewers' lists over time."""
        width = max(1.0, seconds / _MOST_BUCKETS)
        found: dict[int, list[tuple[str, Quality]]] = defaultdict(list)
        for visit, version, quality in self._lists:
            if visit.kind == "viewer":
                found[int(visit.due // width)].append((version or "none", quality))
        return [
            {
                "second": round(bucket * width, 3),
                "lists": len(values),
                "model_versions": sorted({version for version, _ in values}),
                **mean_quality([quality for _, quality in values]),
            }
            for bucket, values in sorted(found.items())
        ]

    def requests(self) -> dict[str, Any]:
        """Return counts and latencies by step; milliseconds from when a request was due."""
        return {
            step: {
                "sent": len(values),
                "failed": sum(count for (name, _), count in self.failed.items() if name == step),
                **percentiles(values),
            }
            for step, values in sorted(self.latencies.items())
        }


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return median, 95th and 99th percentile and maximum, in milliseconds.

    >>> percentiles([0.001, 0.002, 0.003])["p50_ms"]
    2.0
    """
    values = np.asarray(seconds) * 1000.0
    found = {f"p{share}_ms": float(np.percentile(values, share)) for share in (50, 95, 99)}
    return {name: round(value, 2) for name, value in {**found, "max_ms": values.max()}.items()}
