"""The worker's bounds, on a real gunicorn with an application that is as slow as it is told."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving.balance import ConnectionCounts
from tests.serving.running import REPO, Running, children, running, wait_for

SCRIPT = [str(REPO / "tests" / "serving" / "slow_server.py")]
WEB = {
    "MOVIE_ROULETTE_WEB__WORKERS": "1",
    "MOVIE_ROULETTE_WEB__THREADS": "2",
    "MOVIE_ROULETTE_WEB__MAX_IN_FLIGHT": "4",
    "MOVIE_ROULETTE_WEB__REQUEST_SECONDS": "2",
    "MOVIE_ROULETTE_WEB__GRACEFUL_SECONDS": "250",
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("slow"), SCRIPT, WEB) as server:
        server.wait_until_ready("/health/live")
        yield server


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "slow", SCRIPT, WEB) as server:
        server.wait_until_ready("/health/live")
        yield server


def test_what_there_is_no_room_for_is_answered_with_503_at_once(shared: Running) -> None:
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(shared.get, "/slow/0.5") for _ in range(20)]
        time.sleep(0.25)
        assert shared.get("/health/live")[0] == 200, "health is answered however little room"
        statuses = Counter(future.result()[0] for future in asked)
    assert set(statuses) == {200, 503}
    assert 1 <= statuses[200] <= 8, "four at once, and as many again as they finish meanwhile"
    wait_for(lambda: shared.get("/slow/0.0")[0] == 200, shared.explain)


def test_a_silent_client_takes_no_thread(shared: Running) -> None:
    silent = [socket.create_connection(("127.0.0.1", shared.port)) for _ in range(6)]
    try:
        assert shared.get("/slow/0.0")[0] == 200
    finally:
        for client in silent:
            client.close()


def test_a_client_that_sends_too_slowly_is_cut_off(shared: Running) -> None:
    with socket.create_connection(("127.0.0.1", shared.port)) as slow:
        slow.settimeout(30)
        slow.sendall(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        answer = slow.recv(4096)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert shared.get("/slow/0.0")[0] == 200


def test_requests_that_come_together_are_all_answered(shared: Running) -> None:
    with socket.create_connection(("127.0.0.1", shared.port)) as eager:
        eager.settimeout(30)
        late = b"POST /slow/0.0 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        eager.sendall(late + b"GET /slow/0.0 HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        answered = b""
        while answered.count(b" 200 ") < 2:
            more = eager.recv(4096)
            assert more, answered
            answered += more
    assert b" 405 " in answered


def test_a_body_that_is_not_read_ends_the_connection_and_the_answer_says_so(
    shared: Running,
) -> None:
    with socket.create_connection(("127.0.0.1", shared.port)) as long:
        long.settimeout(30)
        long.sendall(b"POST /slow/0.0 HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n")
        assert b"\r\nConnection: close\r\n" in long.recv(4096)


def test_an_unknown_transfer_coding_is_a_fault_of_the_client(shared: Running) -> None:
    with socket.create_connection(("127.0.0.1", shared.port)) as odd:
        odd.settimeout(30)
        odd.sendall(b"GET /slow/0.0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n")
        assert odd.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_what_is_begun_is_finished_when_the_server_stops(own: Running) -> None:
    idle = http.client.HTTPConnection("127.0.0.1", own.port, timeout=30)
    idle.request("GET", "/slow/0.0")
    idle.getresponse().read()
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(own.get, "/slow/1.5")
        time.sleep(0.4)
        own.process.send_signal(signal.SIGTERM)
        assert begun.result()[0] == 200
    assert own.process.wait(60) == 0, "an idle connection must not hold the server"
    idle.close()


def test_connections_are_spread_over_the_workers(tmp_path: Path) -> None:
    two = {**WEB, "MOVIE_ROULETTE_WEB__WORKERS": "2", "LEAVE_SECONDS": "60"}
    with running(tmp_path / "slow", SCRIPT, two) as server:
        wait_for(lambda: len(children(server.process.pid)) == 2, server.explain)
        server.wait_until_ready("/health/live")
        kept = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in range(8)]
        has = Counter(_worker_of(client) for client in kept)
        assert set(has) == set(children(server.process.pid))
        assert min(has.values()) >= 3, "those of the first requests may still count"
        for client in kept:
            client.close()


def test_a_worker_that_hangs_keeps_no_connection_waiting(tmp_path: Path) -> None:
    two = {**WEB, "MOVIE_ROULETTE_WEB__WORKERS": "2"}
    with running(tmp_path / "slow", SCRIPT, two) as server:
        wait_for(lambda: len(children(server.process.pid)) == 2, server.explain)
        server.wait_until_ready("/health/live")
        hangs = min(children(server.process.pid))
        os.kill(hangs, signal.SIGSTOP)
        kept = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in range(4)]
        assert hangs not in {_worker_of(client) for client in kept}
        os.kill(hangs, signal.SIGCONT)
        for client in kept:
            client.close()


def _worker_of(client: http.client.HTTPConnection) -> int:
    """Return which worker has a connection, which stays open."""
    client.request("GET", "/slow/0.0")
    found: int = json.loads(client.getresponse().read())["worker"]
    return found


def test_a_place_among_the_counts_is_given_again() -> None:
    counts = ConnectionCounts(2)
    assert [counts.join(), counts.join(), counts.join()] == [0, 1, None]
    counts.say(0, 3)
    counts.say(1, 5)
    assert (counts.has_fewest(3), counts.has_fewest(4)) == (True, False)
    counts.is_away(0)
    assert counts.join() is None, "who takes no connections now may take some later"
    assert counts.has_fewest(5)
    counts.leave(0)
    assert counts.join() == 0
