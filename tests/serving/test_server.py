"""The whole server as people start it, over a real bundle: its start, its end, and its faults."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender.bundle import Bundle
from recommender.publication import PublishedFolder
from serving.keys import KeyRing
from tests.serving.running import Running, children, lives, publish, running, wait_for

COMMAND = ["-m", "serving", "--without-publisher"]
WEB = {"MOVIE_ROULETTE_WEB__WORKERS": "2", "MOVIE_ROULETTE_WEB__DRAIN_SECONDS": "2"}
PROFILES = {"MOVIE_ROULETTE_PROFILING__PIECE_SECONDS": "0.5"}
LIVE = 'roulette_http_requests_total{method="GET",route="/health/live",status="200"}'


@pytest.fixture(scope="module")
def server(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("server")
    publish(PublishedFolder(folder / "published"), tiny_bundle, "1")
    with running(folder, COMMAND, WEB | PROFILES) as started:
        started.wait_until_ready()
        yield started


def test_it_says_where_it_is_and_answers_with_the_model(
    server: Running, tiny_bundle: Bundle
) -> None:
    wait_for(lambda: f"http://127.0.0.1:{server.port}" in server.output.read_text())
    _, ready = server.get("/health/ready")
    assert ready["model_digest"] == tiny_bundle.digest
    assert ready["model_version"] == "1"


def test_metrics_are_the_sum_of_the_workers_and_outlive_them(server: Running) -> None:
    before = server.metric(LIVE)
    for _ in range(40):
        assert server.get("/health/live")[0] == 200
    assert server.metric(LIVE) == before + 40
    wait_for(lambda: server.metric("roulette_model_loaded_workers") == 2, server.explain)
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda gone=worker: not lives(gone))  # type: ignore[misc]
    server.wait_until_ready()
    assert server.get("/health/live")[0] == 200
    assert server.metric(LIVE) == before + 41
    wait_for(lambda: server.metric("roulette_model_loaded_workers") == 2, server.explain)


def test_the_operator_needs_a_key_which_works_at_once(server: Running) -> None:
    assert server.ask("POST", "/v1/admin/reload")[0] == 401
    key = KeyRing(server.folder / "keys" / "keys.json").create("boss", ["admin"])
    headers = {"Authorization": f"Bearer {key}"}
    status, body = server.ask("POST", "/v1/admin/reload", headers=headers)
    assert (status, body["model_version"], body["previous_version"]) == (200, "1", None)
    status, problem = server.ask("POST", "/v1/admin/rollback", {}, headers)
    assert (status, problem["title"]) == (409, "Conflict")
    assert key not in server.log.read_text()


def test_a_server_that_dies_is_started_again(server: Running) -> None:
    arbiter, _ = arbiter_and_profiler(server)
    workers = server.workers()
    os.kill(arbiter, signal.SIGKILL)
    wait_for(lambda: not lives(arbiter))
    wait_for(lambda: not any(lives(worker) for worker in workers), server.explain)
    server.wait_until_ready()
    assert arbiter not in children(server.process.pid)


def arbiter_and_profiler(server: Running) -> tuple[int, int]:
    """The two children: gunicorn has workers, the profiler has no child."""
    wait_for(lambda: len(children(server.process.pid)) == 2, server.explain)
    first, second = children(server.process.pid)
    return (first, second) if children(first) else (second, first)


def test_what_is_served_is_profiled_also_by_a_profiler_that_was_killed(server: Running) -> None:
    _, profiler = arbiter_and_profiler(server)
    assert server.get("/v1/recommendations/1?k=5")[0] == 200
    os.kill(profiler, signal.SIGKILL)
    wait_for(lambda: not lives(profiler))
    folder = server.folder / "monitoring" / "profiles"
    wait_for(lambda: list(folder.glob("*.bin")) != [], server.explain)
    assert arbiter_and_profiler(server)[1] != profiler
    assert server.metric("roulette_profile_rows_written_total") >= 1


def test_it_is_not_ready_before_it_stops_and_leaves_nothing(server: Running) -> None:
    """The last of this module: it ends the server that the others use."""
    server.wait_until_ready()
    family = {*children(server.process.pid), *server.workers()}
    assert len(family) == 4
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: server.answers("/health/ready", 503), server.explain)
    assert server.get("/health/live")[0] == 200
    assert server.process.wait(30) == 0
    wait_for(lambda: not any(lives(pid) for pid in family))


def test_without_a_model_it_lives_is_not_ready_and_ends_at_once_when_asked_twice(
    tmp_path: Path,
) -> None:
    with running(tmp_path, COMMAND, {"MOVIE_ROULETTE_WEB__DRAIN_SECONDS": "100"}) as started:
        started.wait_until_ready("/health/live")
        status, body = started.get("/health/ready")
        assert status == 503
        assert body["model_version"] is None
        assert "No model" in body["reasons"][0]
        started.process.send_signal(signal.SIGINT)
        wait_for(lambda: "stopping" in str(started.get("/health/ready")[1]), started.explain)
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(30) == 130


def test_the_limit_of_open_files_is_raised() -> None:
    code = """
import resource
from serving.server import allow_open_files
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
allow_open_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, check=True
    )
    assert int(done.stdout) > 256
