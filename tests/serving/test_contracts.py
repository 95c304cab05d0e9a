from __future__ import annotations

import re

from flask.testing import FlaskClient

from serving.services import Services


def test_plain_text_is_at_most_twenty_ids(client: FlaskClient) -> None:
    for user_id in (1, 10**12):
        response = client.get(f"/recommend/{user_id}")
        assert (response.status_code, response.mimetype) == (200, "text/plain")
        assert re.fullmatch(r"\d+(,\d+){0,19}", response.text)


def test_gorse_clients_get_what_they_expect(client: FlaskClient, services: Services) -> None:
    # The official client ends these paths with a slash where it names no category.
    listed = client.get("/api/recommend/1/?n=3&offset=1&write-back-type=read").json
    whole = client.get("/api/recommend/1?n=4").json
    assert whole is not None
    assert listed == whole[1:]
    assert all(isinstance(item, str) for item in whole)
    row = {"FeedbackType": "star", "UserId": "1", "ItemId": whole[0], "Timestamp": "2022-02-24"}
    assert client.post("/api/feedback", json=[row]).json == {"RowAffected": 1}
    assert client.put("/api/feedback", json=[row]).json == {"RowAffected": 0}
    assert whole[0] not in (client.get("/api/recommend/1?n=100").json or [])
    read = {"FeedbackType": "read", "UserId": "1", "ItemId": whole[1]}
    assert client.post("/api/feedback", json=[read]).json == {"RowAffected": 1}
    assert whole[1] not in (client.get("/api/recommend/1?n=100").json or [])
    neighbours = client.get("/api/item/2/neighbors/?n=2").json
    assert neighbours is not None
    assert [set(one) for one in neighbours] == [{"Id", "Score"}] * 2


def test_gorse_categories_are_genres(client: FlaskClient) -> None:
    found = client.get("/api/recommend/1/Drama?n=5").json
    assert found is not None
    assert all(int(movie) % 2 for movie in found)


def test_gorse_feedback_of_another_kind_is_refused(client: FlaskClient, services: Services) -> None:
    rows = [
        {"FeedbackType": kind, "UserId": "1", "ItemId": "2", "Timestamp": "2022-02-24"}
        for kind in ("star", "purchase")
    ]
    assert client.post("/api/feedback", json=rows).status_code == 422
    assert not services.events.user(1).events
