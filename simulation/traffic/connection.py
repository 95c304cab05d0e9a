"""HTTP to a server on this machine, over one kept-alive connection."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from recommender.errors import UsageError

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Target:
    """Where a server listens on this machine."""

    host: str
    port: int


def loopback_target(base_url: str) -> Target:
    """Return where a base URL points to, which must be this machine.

    Raises:
        UsageError: It is no plain HTTP address, or of another machine: simulated load is for
            one's own server only.
    """
    try:
        parts = urlsplit(base_url)
        port = parts.port or 80
    except ValueError as error:
        raise UsageError(f"not an address: {error}", place="base URL", value=base_url) from error
    if parts.scheme != "http" or parts.hostname is None or parts.path not in ("", "/"):
        raise UsageError(
            "not the address of a server",
            place="base URL",
            value=base_url,
            remedy="Give one like http://127.0.0.1:8080.",
        )
    if not _is_loopback(parts.hostname, port):
        raise UsageError(
            "load is simulated for a server on this machine only",
            place="base URL",
            value=base_url,
            remedy="Give a loopback address, such as http://127.0.0.1:8080.",
        )
    return Target(parts.hostname, port)


def _is_loopback(host: str, port: int) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass  # a name
    if host != "localhost":
        return False
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return all(ipaddress.ip_address(item[4][0]).is_loopback for item in found)


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status, or ``None`` without an answer.
        body: The JSON, or ``None`` where it is none.
        failure: Why it does not count as an answer, or ``None``.
    """

    status: int | None
    body: Any = None
    failure: str | None = None


class Connection:
    """One connection, opened when it is needed.

    A server may close an idle connection at any moment. A request that meets this is sent once
    more over a new one, which is counted; events have ids, so nothing happens twice.

    Args:
        target: Where the server is.

    Attributes:
        reopened: How often that happened.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._http: http.client.HTTPConnection | None = None
        self.reopened = 0

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send one request; whatever happens is in the answer."""
        was_open = self._http is not None
        try:
            return self._ask(method, path, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if not was_open:
                return Answer(None, failure=type(error).__name__)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(None, failure=type(error).__name__)
        self.reopened += 1
        try:
            return self._ask(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(None, failure=type(error).__name__)

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        if self._http is None:
            host, port = self._target.host, self._target.port
            self._http = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
            self._http.connect()
            self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._http.request(method, path, body, headers)
        response = self._http.getresponse()
        text = response.read()
        try:
            found = json.loads(text)
        except ValueError:
            return Answer(response.status, failure="not JSON")
        failure = None if response.status < http.client.BAD_REQUEST else f"status {response.status}"
        return Answer(response.status, found, failure)
