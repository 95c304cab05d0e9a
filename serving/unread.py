"""Answers to requests of which the rest is not read."""

from __future__ import annotations

import socket

from serving.headers import secured

#: Of a request that is not read, so much is thrown away: a connection that is closed on bytes that
#: nobody read is reset, and the browser shows its own error instead of the answer.
_THROWN_AWAY = 262_144
_SECONDS = 1.0


def send_last(client: socket.socket, status: str, page: bytes) -> None:
    """Answer a request that was not read to its end; its connection ends.

    Args:
        client: Its connection.
        status: Code and phrase.
        page: An HTML page.
    """
    headers = [
        ("Connection", "close"),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
    ]
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {text}" for name, text in secured(headers)), "", ""]
    try:
        client.setblocking(False)
        thrown = 0
        while thrown < _THROWN_AWAY and (some := _what_came(client)):
            thrown += len(some)
        client.settimeout(_SECONDS)
        client.sendall("\r\n".join(lines).encode("latin-1") + page)
    except OSError:
        return


def _what_came(client: socket.socket) -> bytes:
    try:
        return client.recv(65_536)
    except BlockingIOError:
        return b""
