"""The OpenAPI document, and requests of every kind made from it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serving.services import Services

_OPERATIONS = 20
#: What they take depends on more than a schema can say: the rating scale, levels, cursors.
_MORE_RULES = frozenset(
    {
        "/v1/events",
        "/v1/recommendations",
        "/v1/predictions/{user_id}/{movie_id}",
        "/v1/movies",
        "/api/feedback",
    }
)
_QUIET = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
}


@pytest.fixture
def schema(app: OpenAPI) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
def test_requests_of_every_kind_get_documented_answers(schema: Any, mode: Any) -> None:
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= _OPERATIONS

    @settings(max_examples=80, **_QUIET)
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(operations))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        excluded = [positive_data_acceptance] if operation.path in _MORE_RULES else []
        case.call_and_validate(headers={"X-Request-ID": "r"}, excluded_checks=excluded)

    ask()


def test_the_document_is_of_version_3_1_and_knows_the_limits(
    client: FlaskClient, services: Services
) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    assert document["openapi"].startswith("3.1")
    lists = document["paths"]["/v1/recommendations/{user_id}"]["get"]
    k = next(item for item in lists["parameters"] if item["name"] == "k")
    assert k["schema"]["maximum"] == services.settings.lists.max_k
    batch = document["components"]["schemas"]["EventsBody"]["oneOf"][1]
    assert batch["maxItems"] == services.settings.lists.max_batch


def test_every_operation_is_named_once_and_described(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names)
    assert all(one["summary"] and one["responses"] for one in operations)


def test_the_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("<!DOCTYPE", "")
    for line in page.text.splitlines():
        for mark in ('src="', 'href="'):
            if mark in line:
                assert client.get(line.split(mark)[1].split('"')[0]).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/model", 405),
        ("GET", "/v1/movies/1/2/3", 404),
        ("GET", "/docs/files/../../../../etc/passwd", 404),
        ("GET", "/v1/recommendations/1?k=0", 422),
        ("GET", "/v1/recommendations/1?k=101", 422),
        ("GET", "/v1/recommendations/1?k=1_0", 422),
        ("GET", "/v1/recommendations/1?k=1&k=2", 422),
        ("GET", "/v1/recommendations/1?K=1", 422),
        ("GET", "/v1/recommendations/1?diversity=nan", 422),
        ("GET", "/v1/recommendations/1?explain=maybe", 422),
        ("GET", "/v1/recommendations/1?exclude_ids=1,x", 422),
        ("GET", "/v1/recommendations/%D9%A1", 422),
        ("GET", "/v1/recommendations/99999999999999999999", 422),
        ("GET", "/v1/recommendations/1?genre=%3Cscript%3E&x=%3Cscript%3E", 422),
        ("GET", "/v1/movies?sort='%20OR%201=1", 422),
        ("GET", "/recommend/-1", 422),
    ],
)
def test_every_error_is_a_problem_that_repeats_nothing(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    response = client.open(path, method=method, headers={"X-Request-ID": "mine-1"})
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json is not None
    assert (response.json["status"], response.json["request_id"]) == (status, "mine-1")
    assert response.headers["X-Request-ID"] == "mine-1"
    assert "<script>" not in response.text


def test_a_fault_of_ours_shows_no_trace(
    client: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(services.events, "watermark", fail)
    response = client.get("/v1/recommendations/1")
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert "secret" not in response.text
    assert "Zero" not in response.text


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "<b>"])
def test_a_request_id_that_could_do_harm_is_replaced(client: FlaskClient, sent: str) -> None:
    answered = client.get("/health/live", headers={"X-Request-ID": sent})
    assert answered.headers["X-Request-ID"] not in (sent, "")
