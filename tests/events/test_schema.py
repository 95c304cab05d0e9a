from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from events.errors import EventError
from events.schema import LARGEST_ID, LARGEST_POSITION, VALUED, Event, EventKind
from tests.events.conftest import make_event


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_has_a_value_or_none(kind: EventKind) -> None:
    event = make_event("1", kind)
    assert (event.value is not None) == (kind in VALUED)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", ""),
        ("event_id", "x" * 129),
        ("event_id", "a\x00b"),
        ("event_id", "a\ud800b"),
        ("recommendation_id", ""),
        ("recommendation_id", "line\nbreak"),
        ("user_id", LARGEST_ID + 1),
        ("user_id", -LARGEST_ID - 2),
        ("user_id", True),
        ("movie_id", 1.5),
        ("position", -1),
        ("position", LARGEST_POSITION + 1),
        ("value", None),
        ("value", float("nan")),
        ("value", float("inf")),
        ("value", -0.5),
        ("occurred_at", datetime(2026, 5, 1)),  # noqa: DTZ001 - the point of the case
        ("occurred_at", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    ],
)
def test_what_no_store_can_keep_is_refused(field: str, value: Any) -> None:
    good = {
        "event_id": "1",
        "kind": EventKind.RATING,
        "user_id": 1,
        "movie_id": 2,
        "occurred_at": datetime(2026, 5, 1, tzinfo=UTC),
        "value": 4.0,
    }
    Event(**good)  # type: ignore[arg-type]
    with pytest.raises(EventError) as caught:
        Event(**good | {field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_only_valued_kinds_have_a_value() -> None:
    with pytest.raises(EventError, match="like"):
        make_event("1", "like", value=1.0)
