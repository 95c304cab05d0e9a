"""What the tests of the server ask again and again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from events.schema import Event, EventKind


def ids_of(response: TestResponse) -> list[int]:
    """Return the movies of a list."""
    assert response.status_code == 200, response.text
    assert response.json is not None
    return [item["movie_id"] for item in response.json["items"]]


def top(client: FlaskClient, user_id: int) -> int:
    """Return the best movie for a user."""
    return ids_of(client.get(f"/v1/recommendations/{user_id}?k=1"))[0]


def plain_event(
    user_id: int, movie_id: int, kind: str, value: float | None = None
) -> dict[str, object]:
    """Return an event as a client sends it."""
    return {
        "event_id": uuid.uuid4().hex,
        "kind": kind,
        "user_id": user_id,
        "movie_id": movie_id,
        "value": value,
        "occurred_at": "2026-01-01T12:00:00+01:00",
    }


def event(user_id: int, movie_id: int, kind: str, value: float | None = None) -> Event:
    """Return an event as the store takes it."""
    time = datetime(2026, 1, 1, tzinfo=UTC)
    return Event(uuid.uuid4().hex, EventKind(kind), user_id, movie_id, time, value)


def send(
    client: FlaskClient, user_id: int, movie_id: int, kind: str, value: float | None = None
) -> None:
    """Send one event, which must be stored."""
    response = client.post("/v1/events", json=plain_event(user_id, movie_id, kind, value))
    assert response.status_code == 202, response.text
    assert response.json == {"accepted": 1, "duplicates": 0, "conflicts": []}
