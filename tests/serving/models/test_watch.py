from __future__ import annotations

import pytest

from serving.models.watch import Request, Watch, breach
from serving.settings import ModelSettings

SETTINGS = ModelSettings(
    watch_seconds=60.0, min_requests=20, max_error_rate=0.05, max_latency_ms=100.0
)
FAST, SLOW = Request(0.01, failed=False), Request(0.2, failed=False)
FAILED = Request(0.01, failed=True)


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([], None),
        ([FAILED] * 19, None),
        ([FAST] * 20, None),
        ([FAST] * 19 + [FAILED], None),
        ([FAST] * 18 + [FAILED] * 2, "10.0% of 20 requests failed"),
        ([FAST] * 19 + [SLOW], None),
        ([FAST] * 18 + [SLOW] * 2, "is 200 ms, more than 100 ms"),
        ([SLOW] * 18 + [FAILED] * 2, "requests failed"),
    ],
)
def test_a_breach_is_said_with_its_figures(requests: list[Request], said: str | None) -> None:
    found = breach(requests, SETTINGS)
    assert (found is None) == (said is None)
    assert (said or "") in (found or "")


def test_a_watch_ends_after_its_time() -> None:
    now = 100.0
    watch = Watch("a" * 64, SETTINGS, lambda: now)
    for _ in range(20):
        watch.record(0.01, failed=True)
    assert watch.breach() is not None
    now = 160.0
    assert not watch.is_over
    now = 160.1
    assert watch.is_over
