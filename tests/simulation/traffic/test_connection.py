from __future__ import annotations

import socket
import threading

import pytest

from recommender.errors import UsageError
from simulation.__main__ import main
from simulation.traffic.connection import Connection, Target, loopback_target


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080),
        ("http://127.9.9.9:1/", "127.9.9.9", 1),
        ("http://[::1]:9000", "::1", 9000),
        ("http://localhost", "localhost", 80),
    ],
)
def test_this_machine_is_a_target(url: str, host: str, port: int) -> None:
    assert loopback_target(url) == Target(host, port)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.4:8080",
        "http://10.0.0.1",
        "http://example.com",
        "http://0.0.0.0:8080",
        "http://127.0.0.1.example.com",
        "http://user@8.8.8.8",
        "https://127.0.0.1:8080",
        "127.0.0.1:8080",
        "http://127.0.0.1:8080/shop",
        "http://127.0.0.1:99999",
    ],
)
def test_nothing_else_is(url: str) -> None:
    with pytest.raises(UsageError, match="base URL"):
        loopback_target(url)


def test_the_command_line_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drive", "--base-url", "http://192.168.1.4:8080"]) == 2
    said = capsys.readouterr().err
    assert "base URL: load is simulated for a server on this machine only" in said
    assert "http://127.0.0.1:8080" in said


def serve_raw(*answers: bytes) -> tuple[socket.socket, int]:
    """Answer one connection after the other with raw bytes, each closed after its answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    threading.Thread(target=run, daemon=True).start()
    port: int = listener.getsockname()[1]
    return listener, port


def response(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


def test_an_idle_connection_that_was_closed_is_opened_again_and_counted() -> None:
    listener, port = serve_raw(response("200 OK", b"[1]"), response("200 OK", b"[2]"))
    with listener:
        connection = Connection(Target("127.0.0.1", port))
        assert connection.ask("GET", "/").body == [1]
        assert connection.ask("GET", "/").body == [2]
        assert connection.reopened == 1
        connection.close()


def test_failures_have_their_kind() -> None:
    bodies = (response("503 No", b"{}"), response("200 OK", b"<html>"), b"")
    listener, port = serve_raw(*bodies)
    with listener:
        found = [Connection(Target("127.0.0.1", port)).ask("GET", "/") for _ in bodies]
    assert [answer.failure for answer in found] == ["status 503", "not JSON", "RemoteDisconnected"]
    nobody = Connection(Target("127.0.0.1", port)).ask("GET", "/")
    assert (nobody.status, nobody.failure) == (None, "ConnectionRefusedError")
