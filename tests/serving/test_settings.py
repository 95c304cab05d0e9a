from __future__ import annotations

import pytest

from recommender.errors import UsageError
from serving.settings import ServerSettings


def test_the_environment_wins_over_the_file() -> None:
    assert ServerSettings.load(environ={}).events.keep_served_days == 90
    given = {"MOVIE_ROULETTE_EVENTS__KEEP_SERVED_DAYS": "0"}
    assert ServerSettings.load(environ=given).events.keep_served_days == 0


def test_lists_are_not_kept_for_less_than_no_time() -> None:
    with pytest.raises(UsageError, match=r"events\.keep_served_days.*-1"):
        ServerSettings.load(environ={"MOVIE_ROULETTE_EVENTS__KEEP_SERVED_DAYS": "-1"})


def test_the_store_is_named_where_training_and_monitoring_look_too() -> None:
    assert ServerSettings.load(environ={}).events_url.startswith("sqlite:///")
    url = "postgresql+psycopg://someone:secret@db/events"
    assert ServerSettings.load(environ={"EVENTS_URL": url}).events_url == url
    with pytest.raises(UsageError, match=r"events\.url.*EVENTS_URL") as caught:
        ServerSettings.load(environ={"MOVIE_ROULETTE_EVENTS__URL": url})
    assert "secret" not in str(caught.value)
