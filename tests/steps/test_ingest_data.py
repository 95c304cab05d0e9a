from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from events.store import EventStore
from events.training_data import read_site_data
from recommender.data.ingest import DataRequest, EventsRequest
from recommender.schema import Dataset
from tests.events.conftest import make_event, sqlite_url


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    file = tmp_path / "ratings.csv"
    file.write_text(
        "user_id,movie_id,rating,timestamp\n1,10,3.0,100\n1,11,2.0,200\n2,10,4.0,300\n",
        encoding="utf-8",
    )
    return file


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EventStore:
    monkeypatch.setenv("EVENTS_URL", sqlite_url(tmp_path))
    return EventStore(sqlite_url(tmp_path))


def ingested(ratings: Path, events: EventsRequest | None) -> Dataset:
    from steps.ingest_data import ingest_data

    request: dict[str, Any] = asdict(DataRequest("mine", str(ratings), events=events))
    dataset: Dataset = ingest_data.entrypoint(request, "content", "code")
    return dataset


def test_without_events_the_data_stands_alone(ratings: Path, store: EventStore) -> None:
    store.append([make_event("1", movie_id=10, value=5.0)])
    assert ingested(ratings, None).ratings["rating"].tolist() == [3.0, 2.0, 4.0]


def test_events_are_merged_up_to_the_one_that_was_asked_for(
    ratings: Path, store: EventStore
) -> None:
    store.append([make_event("1", movie_id=10, value=5.0)])
    found = read_site_data(store)
    store.append([make_event("2", movie_id=11, value=5.0)])
    events = EventsRequest(found.until, found.additions.digest)
    alone, merged = ingested(ratings, None), ingested(ratings, events)
    assert merged.ratings["rating"].tolist() == [2.0, 4.0, 5.0]
    assert merged.digest != alone.digest
    store.erase(1)
    assert ingested(ratings, events).ratings["user_id"].tolist() == [2]


def test_the_run_says_which_events_it_took(store: EventStore) -> None:
    from pipelines.tracked import site_data

    store.append([make_event("1"), make_event("2", "like", movie_id=11)])
    found = site_data()
    assert found.request == EventsRequest(2, read_site_data(store).additions.digest)
    assert found.tags["roulette.events_until"] == "2"
    assert found.tags["roulette.events_digest"] == found.request.digest
    assert "1 likes without stars" in found.note
