from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from monitoring.folders import MonitoringFolders
from monitoring.observations import Observation
from monitoring.pieces import finished
from serving.services import Services


def event(number: int, kind: str = "rating", **more: Any) -> dict[str, Any]:
    value = {"value": 4.0} if kind == "rating" else {}
    return {
        "event_id": f"e{number}",
        "kind": kind,
        "user_id": 1,
        "movie_id": 1,
        "occurred_at": "2026-01-01T00:00:00Z",
        **value,
        **more,
    }


@pytest.fixture
def seen(services: Services) -> Any:
    """Return what was handed over so far."""

    def rows() -> list[Observation]:
        assert services.spool is not None
        services.spool.flush()
        folder = MonitoringFolders(Path(services.settings.monitoring_folder))
        return [row for piece in finished(folder.spools) for row in piece.rows()[0]]

    return rows


def test_a_list_is_handed_over_with_what_it_holds(client: FlaskClient, seen: Any) -> None:
    shown = client.get("/v1/recommendations/1?k=3").get_json()
    (row,) = seen()
    assert (row.kind, row.user_id, row.model) == ("list", 1, shown["model_digest"])
    assert row.movie_ids == [item["movie_id"] for item in shown["items"]]
    assert row.paths == [item["path"] for item in shown["items"]]
    assert row.number > 0.0


def test_events_are_handed_over_once(client: FlaskClient, seen: Any) -> None:
    events = [event(1), event(2, "click", position=7), event(3, "watchlist")]
    assert client.post("/v1/events", json=events).status_code == 202
    assert client.post("/v1/events", json=events).status_code == 202
    assert [(row.kind, row.number) for row in seen()] == [("rating", 4.0), ("click", 7)]


def test_of_a_search_only_its_length_is_kept(client: FlaskClient, seen: Any) -> None:
    assert client.get("/v1/movies?query=movie&limit=1").status_code == 200
    assert client.get("/v1/movies?limit=1").status_code == 200
    (row,) = seen()
    assert (row.kind, row.number) == ("search", 5)
    assert (row.user_id, row.movie_ids) == (None, [])
