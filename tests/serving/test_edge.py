from __future__ import annotations

import json
import re

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from serving import edge, limits, metrics, request_ids
from serving.headers import SECURITY
from serving.logs import AccessLog
from serving.settings import WebSettings


def make_app(web: WebSettings | None = None) -> Flask:
    app = Flask(__name__)
    metrics.init_app(app)
    limits.init_app(app, web or WebSettings())

    @app.get("/films/<int:movie_id>")
    def film(movie_id: int) -> Response:
        return Response(str(movie_id), headers={"Referrer-Policy": "same-origin"})

    @app.post("/films/<int:movie_id>")
    def write(movie_id: int) -> str:
        return request_ids.request_id()

    @app.get("/who")
    def who() -> str:
        from flask import request

        return f"{request.remote_addr} {request.scheme}"

    @app.get("/health/live")
    def live() -> str:
        return "live"

    @app.get("/broken")
    def broken() -> str:
        raise KeyError

    edge.init_app(app, access_log=False)
    return app


@pytest.fixture
def client() -> FlaskClient:
    return make_app().test_client()


def test_every_answer_carries_the_security_headers_once(client: FlaskClient) -> None:
    for path in ("/films/1", "/nowhere", "/broken"):
        headers = client.get(path).headers
        for name, _ in SECURITY:
            assert len(headers.getlist(name)) == 1, (path, name)
    assert client.get("/films/1").headers["Referrer-Policy"] == "same-origin"


def test_a_harmless_request_id_is_kept_and_another_is_replaced(client: FlaskClient) -> None:
    sent = client.post("/films/1", headers={"X-Request-ID": "abc-1"})
    assert (sent.headers["X-Request-ID"], sent.text) == ("abc-1", "abc-1")
    for harmful in ("a b", "x" * 65, "<script>", ""):
        made = client.post("/films/1", headers={"X-Request-ID": harmful})
        assert made.headers["X-Request-ID"] == made.text != harmful
        assert len(made.text) == 32


def test_requests_are_counted_by_route_and_never_by_path(client: FlaskClient) -> None:
    for path in ("/films/4711", "/films/4712", "/broken", "/4713"):
        client.get(path)
    client.open("/films/1", method="BREW")
    text = client.get("/metrics").text
    counted = 'roulette_http_requests_total{method="GET",route="/films/<int:movie_id>",status="200"'
    assert f"{counted}}} 2.0" in text
    assert 'route="/broken",status="500"} 1.0' in text
    assert 'route="(unmatched)",status="404"} 1.0' in text
    assert 'method="other"' in text
    labels = set(re.findall(r"\{([^}]*)\}", text))
    assert not [found for found in labels if "471" in found or "BREW" in found]


def test_the_log_has_route_status_and_id() -> None:
    app, lines = make_app(), []
    app.wsgi_app._log = AccessLog(lines.append)  # type: ignore[attr-defined]
    client = app.test_client()
    client.get("/films/471147114711?token=secret", headers={"X-Request-ID": "abc"})
    line = json.loads(lines[0])
    assert (line["route"], line["status"]) == ("/films/<int:movie_id>", 200)
    assert line["request_id"] == "abc"
    assert b"471147114711" not in lines[0]
    assert b"secret" not in lines[0]


def test_a_thread_that_refuses_answers_503_but_for_health(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge.refusing, "active", True, raising=False)
    refused = client.get("/films/1")
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert refused.headers["Retry-After"] == "1"
    assert refused.json is not None
    assert refused.json["request_id"] == refused.headers["X-Request-ID"]
    assert client.get("/health/live").status_code == 200
    assert "roulette_http_refused_total 1.0" in client.get("/metrics").text


def test_proxies_are_believed_only_as_far_as_configured() -> None:
    headers = {"X-Forwarded-For": "10.0.0.9, 10.0.0.1", "X-Forwarded-Proto": "https"}
    plain = make_app().test_client().get("/who", headers=headers).text
    assert plain == "127.0.0.1 http"
    behind = make_app(WebSettings(trusted_proxies=1)).test_client()
    assert behind.get("/who", headers=headers).text == "10.0.0.1 https"


def test_rate_limits_hold_for_each_client_and_never_for_health() -> None:
    web = WebSettings(rate_limit="5/hour", write_rate_limit="2/hour", trusted_proxies=1)
    client = make_app(web).test_client()

    def ask(method: str, path: str, address: str) -> int:
        headers = {"X-Forwarded-For": address}
        return client.open(path, method=method, headers=headers).status_code

    assert [ask("POST", "/films/1", "10.0.0.1") for _ in range(3)] == [200, 200, 429]
    assert [ask("GET", "/films/1", "10.0.0.2") for _ in range(6)] == [200] * 5 + [429]
    assert ask("GET", "/films/1", "10.0.0.3") == 200
    assert [ask("GET", "/health/live", "10.0.0.2") for _ in range(8)] == [200] * 8
