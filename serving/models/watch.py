"""Watches a new model: its errors and the time that its lists take, for a while after a swap."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from serving.settings import ModelSettings

#: Most requests looked at: of more, the latest.
_MOST = 10_000


@dataclass(frozen=True)
class Request:
    """One request that a model answered or failed to.

    Attributes:
        seconds: How long its answer took to make.
        failed: Whether the model raised an error.
    """

    seconds: float
    failed: bool


def breach(requests: Sequence[Request], settings: ModelSettings) -> str | None:
    """Return as a sentence which limit these requests breach, or ``None``.

    Args:
        requests: Of one model, in any order.
        settings: The limits, and the number of requests below which nothing is concluded.
    """
    if len(requests) < settings.min_requests:
        return None
    failed = sum(request.failed for request in requests)
    if failed / len(requests) > settings.max_error_rate:
        share = f"{failed / len(requests):.1%} of {len(requests)} requests failed"
        return f"{share}, more than {settings.max_error_rate:.1%}."
    slow = 1000.0 * float(np.percentile([request.seconds for request in requests], 95))
    if slow > settings.max_latency_ms:
        took = f"The 95th percentile of {len(requests)} requests is {slow:.0f} ms"
        return f"{took}, more than {settings.max_latency_ms:g} ms."
    return None


class Watch:
    """The requests of one model since it was swapped in.

    Args:
        digest: Digest of the model's bundle.
        settings: How long to watch, and the limits.
        clock: Seconds that only ever rise.
    """

    def __init__(
        self, digest: str, settings: ModelSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.digest = digest
        self._settings = settings
        self._clock = clock
        self._end = clock() + settings.watch_seconds
        # Appending is atomic, so threads need no lock.
        self._requests: deque[Request] = deque(maxlen=_MOST)

    @property
    def is_over(self) -> bool:
        """Whether the time of watching has passed."""
        return self._clock() > self._end

    def record(self, seconds: float, *, failed: bool) -> None:
        """Count one request."""
        self._requests.append(Request(seconds, failed))

    def breach(self) -> str | None:
        """Return which limit the model breaches so far, or ``None``; see the function."""
        return breach(self._requests.copy(), self._settings)
