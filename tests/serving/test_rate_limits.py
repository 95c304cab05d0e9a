"""Rate limits that all workers count together, in a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from serving import limits, metrics
from serving.settings import WebSettings
from tests.serving.redis_server import RedisServer, running_redis
from tests.serving.running import REPO, running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(shared: RedisServer) -> RedisServer:
    shared.empty()
    return shared


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


def worker(redis: RedisServer) -> FlaskClient:
    """Asks an application with connections of its own, as a worker has them."""
    app = Flask(__name__)
    metrics.init_app(app)
    web = WebSettings(rate_limit="6/hour", write_rate_limit="2/hour", rate_storage=redis.url)
    limits.init_app(app, web)
    app.add_url_rule("/", view_func=lambda: "answer", methods=["GET", "POST"])
    return app.test_client()


def test_workers_count_together(redis: RedisServer) -> None:
    one, other = worker(redis), worker(redis)
    written = [client.post("/").status_code for client in (one, other, one, other)]
    assert written == [200, 200, 429, 429]
    read = [client.get("/").status_code for client in (other, one, other, one)]
    assert 200 in read
    assert read == sorted(read)
    assert one.get("/").status_code == other.get("/").status_code == 429
    assert worker(redis).get("/").status_code == 429, "a new worker knows what the others counted"


def test_a_refusal_says_when_to_come_back(redis: RedisServer) -> None:
    client = worker(redis)
    refused = next(
        found for found in (client.get("/") for _ in range(9)) if found.status_code != 200
    )
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600


def test_without_redis_each_worker_counts_for_itself_and_says_so(own: RedisServer) -> None:
    one, other = worker(own), worker(own)
    assert one.get("/").status_code == 200
    assert "roulette_http_rate_apart_workers 0.0" in one.get("/metrics").text
    own.stop()
    for client in (one, other):
        assert [client.get("/").status_code for _ in range(7)] == [200] * 6 + [429]
    assert "roulette_http_rate_apart_workers 1.0" in one.get("/metrics").text


def test_a_redis_that_does_not_answer_holds_nobody_up(own: RedisServer) -> None:
    client = worker(own)
    own.freeze()
    assert [client.get("/").status_code for _ in range(7)] == [200] * 6 + [429]


def test_the_limit_holds_over_the_workers_of_a_server(redis: RedisServer, tmp_path: Path) -> None:
    environ = {
        "MOVIE_ROULETTE_WEB__WORKERS": "3",
        "MOVIE_ROULETTE_WEB__RATE_LIMIT": "8/hour",
        "MOVIE_ROULETTE_WEB__RATE_STORAGE": redis.url,
    }
    script = [str(REPO / "tests" / "serving" / "slow_server.py")]
    with running(tmp_path / "server", script, environ) as server:
        server.wait_until_ready("/health/live")
        statuses = [server.get("/slow/0.0")[0] for _ in range(24)]
    assert statuses == [200] * 8 + [429] * 16
