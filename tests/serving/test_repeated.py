"""Lists that are asked for again are answered ahead of the framework, and as it would answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from werkzeug.test import TestResponse

from recommender.bundle import Bundle
from serving import repeated
from serving.services import Services
from serving.settings import ServerSettings
from tests.serving.asking import ids_of, send

PATH = "/v1/recommendations/1?k=5"


@pytest.fixture
def by_framework(app: OpenAPI, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows with each request that the framework answers."""
    answered: list[None] = []
    dispatch = app.full_dispatch_request
    monkeypatch.setattr(
        app, "full_dispatch_request", lambda *given: (answered.append(None), dispatch(*given))[1]
    )
    return answered


def plain(response: TestResponse) -> tuple[object, ...]:
    """Return an answer without what differs between two of the same."""
    assert response.json is not None
    body = {name: value for name, value in response.json.items() if name != "recommendation_id"}
    headers = {name: value for name, value in response.headers if name != "X-Request-ID"}
    return response.status, headers, body


def test_it_answers_as_the_framework_does(client: FlaskClient, by_framework: list[None]) -> None:
    own = {"X-Request-ID": "mine"}
    first, again = client.get(PATH), client.get(PATH, headers=own)
    assert len(by_framework) == 1
    assert plain(first) == plain(again)
    assert again.headers["X-Request-ID"] == "mine"
    assert again.json is not None
    assert first.json is not None
    shown = again.json["recommendation_id"]
    assert shown != first.json["recommendation_id"]
    served = client.get(f"/v1/served/{shown}").json
    assert served is not None
    assert [item["movie_id"] for item in served["items"]] == ids_of(again)
    exposition = client.get("/metrics").text
    assert (
        'http_requests_total{method="GET",route="/v1/recommendations/<user_id>",status="200"} 2.0'
    ) in exposition
    assert "roulette_cache_hits_total 1.0" in exposition
    assert "roulette_cache_misses_total 1.0" in exposition
    assert f'roulette_lists_made_total{{path="{again.json["path"]}"}} 2.0' in exposition


def test_what_is_not_the_same_request_is_the_frameworks(
    client: FlaskClient, by_framework: list[None]
) -> None:
    client.get(PATH)
    for request in ("/v1/recommendations/2?k=5", "/v1/recommendations/1?k=4", f"{PATH}&seed=1"):
        assert client.get(request).status_code == 200
    head = client.head(PATH)
    assert (head.status_code, head.data) == (200, b"")
    assert client.post(PATH).status_code == 405
    assert len(by_framework) == 6


@pytest.mark.parametrize("wrong", ["k=0", "k=5&k=6", "k=five", "k=5&year_from=x"])
def test_what_is_refused_is_refused_again(client: FlaskClient, wrong: str) -> None:
    client.get(PATH)
    statuses = [client.get(f"/v1/recommendations/1?{wrong}").status_code for _ in range(2)]
    assert statuses == [422, 422]


def test_a_change_of_the_user_or_the_model_counts_at_once(
    client: FlaskClient,
    services: Services,
    publish: Callable[..., None],
    other_bundle: Bundle,
) -> None:
    before = ids_of([client.get(PATH) for _ in range(2)][1])
    send(client, 1, before[0], "rating", 0.5)
    assert before[0] not in ids_of(client.get(PATH))
    publish(other_bundle, "2")
    services.models.follow()
    answers = [client.get(PATH).json for _ in range(2)]
    assert [answer["model_version"] for answer in answers if answer] == ["2", "2"]
    assert client.delete("/v1/users/1").status_code == 200
    erased = client.get(PATH).json
    assert erased is not None
    assert erased["path"] == "popular"


def test_a_store_that_is_gone_is_said_as_ever(client: FlaskClient, services: Services) -> None:
    assert client.get(PATH).status_code == 200
    marks = services.events.database.marks()
    assert marks is not None
    marks.change([1])
    services.events.close()
    assert services.events.database.file is not None
    services.events.database.file.unlink()
    refused = client.get(PATH)
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert int(refused.headers["Retry-After"]) >= 1


def test_a_limit_counts_every_request(
    settings: ServerSettings,
    make_app: Callable[..., OpenAPI],
    publish: Callable[..., None],
    tiny_bundle: Bundle,
) -> None:
    publish(tiny_bundle)
    limited = make_app(replace(settings, web=replace(settings.web, rate_limit="3/hour")))
    client = limited.test_client()
    statuses = [client.get(PATH).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


def test_what_is_remembered_is_bounded(
    client: FlaskClient, by_framework: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated, "_MOST_REQUESTS", 2)
    long = f"{PATH}&exclude_ids={','.join(map(str, range(1000, 1100)))}"
    for request in (long, long, f"{PATH}&seed=1", f"{PATH}&seed=1", f"{PATH}&seed=2", PATH, PATH):
        assert client.get(request).status_code == 200
    assert len(by_framework) == 5
    assert client.get(f"{PATH}&seed=1").status_code == 200
    assert len(by_framework) == 6, "it was forgotten, and its list is still in the cache"
