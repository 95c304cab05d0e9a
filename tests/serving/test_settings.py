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
