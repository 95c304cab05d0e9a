"""What broken clients send: every kind of it must be refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

#: Kind of fault, and the body as it is sent; the placeholders are an event's id and a user's.
_FAULTS: dict[str, dict[str, Any] | str] = {
    "stars off the scale": {"value": 11.0},
    "negative stars": {"value": -1.0},
    "stars as text": {"value": "five"},
    "no kind": {"kind": None},
    "unknown kind": {"kind": "stare"},
    "movie id as text": {"movie_id": "the third man"},
    "negative user": {"user_id": -4},
    "time without a zone": {"occurred_at": "2026-01-01T00:00:00"},
    "no such day": {"occurred_at": "2026-02-30T00:00:00Z"},
    "unknown field": {"stars": 4.0},
    "not JSON": '{"event_id": ',
    "not a number": '{"event_id": "%s", "kind": "rating", "user_id": 1, "movie_id": 1, '
    '"occurred_at": "2026-01-01T00:00:00Z", "value": NaN}',
    "no events": "[]",
}
FAULTS = tuple(_FAULTS)


def malformed_body(
    event_id: str, user_id: int, movie_id: int, occurred_at: str, rng: np.random.Generator
) -> tuple[str, bytes]:
    """Return the kind of a fault drawn by chance, and a body that has it."""
    fault = FAULTS[int(rng.integers(len(FAULTS)))]
    change = _FAULTS[fault]
    if isinstance(change, str):
        return fault, change.replace("%s", event_id).encode()
    event = {
        "event_id": event_id,
        "kind": "rating",
        "user_id": user_id,
        "movie_id": movie_id,
        "value": 4.0,
        "occurred_at": occurred_at,
    }
    return fault, json.dumps(event | change).encode()
