from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from serving.services import Services
from tests.serving.asking import plain_event


def test_a_batch_is_stored_and_told_apart_when_sent_again(
    client: FlaskClient, services: Services
) -> None:
    batch = [plain_event(5, movie, "click") for movie in range(1, 4)]
    assert client.post("/v1/events", json=batch[:2]).json == _answer(accepted=2)
    assert client.post("/v1/events", json=batch).json == _answer(accepted=1, duplicates=2)
    changed = [batch[0] | {"movie_id": 9}, batch[1]]
    again = client.post("/v1/events", json=changed)
    assert again.json == _answer(duplicates=1, conflicts=[batch[0]["event_id"]])
    assert [event.movie_id for event in services.events.user(5).events] == [1, 2, 3]


def test_an_event_that_is_stored_with_other_content_is_a_conflict(client: FlaskClient) -> None:
    event = plain_event(5, 1, "click")
    client.post("/v1/events", json=event)
    refused = client.post("/v1/events", json=event | {"movie_id": 2})
    assert refused.status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "stare"}, "kind"),
        ({"kind": "rating"}, "value"),
        ({"kind": "rating", "value": 5.5}, "value"),
        ({"kind": "rating", "value": 0}, "value"),
        ({"kind": "like", "value": 3}, "value"),
        ({"user_id": -1}, "user_id"),
        ({"user_id": 2**63}, "user_id"),
        ({"user_id": "5"}, "user_id"),
        ({"movie_id": 1.5}, "movie_id"),
        ({"movie_id": True}, "movie_id"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": "a\u0000b"}, "event_id"),
        ({"event_id": "x" * 129}, "event_id"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-01-01T00:00:00"}, "occurred_at"),
        ({"position": 2**31}, "position"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_a_field_at_fault_is_named_and_nothing_is_stored(
    client: FlaskClient, services: Services, change: dict[str, Any], field: str
) -> None:
    good, bad = plain_event(5, 1, "click"), plain_event(5, 2, "click") | change
    refused = client.post("/v1/events", json=[good, bad])
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    assert refused.json is not None
    assert any(error["field"].endswith(field) for error in refused.json["errors"])
    assert not services.events.user(5).events


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"event_id":"\xff"}', 400),
        (b'{"event_id":"\\ud800"}', 400),
        (b"null", 422),
        (b"[]", 422),
        (b'"x"', 422),
        (b"NaN", 422),
        (b"[" * 5000, 400),
    ],
)
def test_a_body_that_is_no_event_is_refused(client: FlaskClient, body: bytes, status: int) -> None:
    refused = client.post("/v1/events", data=body, content_type="application/json")
    assert refused.status_code == status
    assert "Traceback" not in refused.text


def test_a_body_that_does_not_say_json_is_refused(client: FlaskClient) -> None:
    assert client.post("/v1/events", data=b"{}").status_code == 415
    form = client.post("/v1/events", data={"event_id": "a"})
    assert form.status_code == 415


def test_a_body_above_the_limit_is_refused(client: FlaskClient, services: Services) -> None:
    long = b" " * (services.settings.web.max_body_bytes + 1)
    refused = client.post("/v1/events", data=long, content_type="application/json")
    assert (refused.status_code, refused.mimetype) == (413, "application/problem+json")


def test_a_batch_above_the_limit_is_refused(client: FlaskClient, services: Services) -> None:
    most = services.settings.lists.max_batch
    batch = [plain_event(5, 1, "click")] * (most + 1)
    refused = client.post("/v1/events", json=batch)
    assert refused.status_code == 422
    assert not services.events.user(5).events


def test_a_locked_store_acknowledges_nothing(
    client: FlaskClient, services: Services, tmp_path: Path
) -> None:
    event = plain_event(5, 1, "like")
    with sqlite3.connect(tmp_path / "events.db", isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        refused = client.post("/v1/events", json=event)
        holder.execute("ROLLBACK")
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.post("/v1/events", json=event).status_code == 202
    assert len(services.events.user(5).events) == 1


def test_export_and_erase(client: FlaskClient, services: Services) -> None:
    client.post("/v1/events", json=[plain_event(1, 2, "like"), plain_event(1, 3, "watchlist")])
    shown = client.get("/v1/recommendations/1?k=2").json
    assert shown is not None
    record: Any = client.get("/v1/users/1").json
    assert [event["kind"] for event in record["events"]] == ["like", "watchlist"]
    assert record["watchlist"] == [3]
    assert [one["recommendation_id"] for one in record["served"]] == [shown["recommendation_id"]]
    model = services.models.current()
    assert model is not None
    assert len(record["model_ratings"]) == model.recommender.history(1)[0].size
    erased: Any = client.delete("/v1/users/1").json
    assert (erased["events"], erased["served"]) == (2, 1)
    after: Any = client.get("/v1/users/1").json
    assert (after["events"], after["served"], after["watchlist"]) == ([], [], [])
    assert after["erased_at"] == erased["erased_at"]
    assert client.get(f"/v1/served/{shown['recommendation_id']}").status_code == 404
    assert services.events.erased_users() == (1,)


def _answer(
    accepted: int = 0, duplicates: int = 0, conflicts: list[object] | None = None
) -> dict[str, object]:
    return {"accepted": accepted, "duplicates": duplicates, "conflicts": conflicts or []}
