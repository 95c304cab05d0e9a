"""A load generator in a process of its own: HTTP/1.1 over kept-alive connections.

``python -m benchmarks.serving.load`` reads a `Plan` as JSON from standard input and prints what
it saw. Each connection sends one request at a time; without a rate the next follows the answer at
once, with one requests are sent when they are due, and the wait for a free connection counts in
their latency.
"""

from __future__ import annotations

import hashlib
import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
_BLANK = b"\r\n\r\n"
_LENGTH = b"content-length:"
_ITEMS = b'"items":'
_PIECE = 65_536
#: Between two tries to connect, and two looks at the clock.
_TRY_AGAIN_SECONDS = 0.05


@dataclass(frozen=True)
class Plan:
    """What is sent.

    Attributes:
        port: Where the server listens on 127.0.0.1.
        requests: Method, path and body of each request; sent in turn, over and over.
        connections: How many are open.
        seconds: How long requests are sent.
        rate: Requests a second, or ``None`` for as many as are answered.
        keep_answers: Whether to note which version answered each path with which items.
    """

    port: int
    requests: Sequence[tuple[str, str, str]]
    connections: int = 16
    seconds: float = 5.0
    rate: float | None = None
    keep_answers: bool = False


@dataclass
class Seen:
    """What came back.

    Attributes:
        statuses: Answers by status; ``lost`` for connections that ended without one.
        latencies: Milliseconds of the answers of each status.
        answers: For each path, version and digest of items: how often.
        seconds: From the first request to the last answer.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    latencies: dict[str, list[float]] = field(default_factory=dict)
    answers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    seconds: float = 0.0


def send(plan: Plan) -> dict[str, Any]:
    """Send what the plan says from a process of its own, and return what it printed."""
    return finish(begin(plan))


def begin(plan: Plan) -> subprocess.Popen[str]:
    """Begin to send what the plan says, from a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serving.load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101 - for the type checker; it was asked for
    process.stdin.write(json.dumps(asdict(plan)))
    process.stdin.close()
    return process


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a load generator and return what it printed.

    Raises:
        RuntimeError: It failed.
    """
    assert process.stdout is not None  # noqa: S101 - as above
    printed = process.stdout.read()
    if process.wait() != 0:
        raise RuntimeError(f"the load generator ended with status {process.returncode}")
    found: dict[str, Any] = json.loads(printed)
    return found


class Client:
    """One connection, which waits for one answer at a time.

    Args:
        port: Where the server listens on 127.0.0.1.

    Attributes:
        due: When the request that is under way was due.
        path: What it asks for; empty where there is none.
    """

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        # An answer comes in two pieces, and the next request must not wait for either.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.path = ""
        self._buffer = b""

    def send(self, due: float, path: str, request: bytes) -> None:
        """Send a request that was due at a time."""
        self.due, self.path, self._buffer = due, path, b""
        self.socket.sendall(request)

    def receive(self) -> tuple[bytes, bytes] | None:
        """Read what has arrived and return head and body of the answer once it is whole.

        Raises:
            ConnectionError: The connection has ended.
        """
        data = self.socket.recv(_PIECE)
        if not data:
            raise ConnectionResetError
        self._buffer += data
        head, blank, body = self._buffer.partition(_BLANK)
        return (head, body) if blank and len(body) >= _length(head) else None


class Load:
    """Sends requests until the time is over.

    Args:
        plan: What is sent.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [(request[1], _bytes_of(*request)) for request in plan.requests]
        self._next = 0
        self._selector = selectors.DefaultSelector()
        self._free: deque[Client] = deque()
        self._waiting: deque[float] = deque()
        self._busy = 0
        self._missing = plan.connections
        self._connect_at = self._next_due = self._end = 0.0
        self.seen = Seen()

    def run(self) -> Seen:
        """Send everything and return what came back."""
        begun = self._next_due = time.perf_counter()
        self._end = begun + self._plan.seconds
        now = begun
        while now < self._end or self._busy or self._waiting:
            if self._missing and now >= self._connect_at:
                self._connect()
            self._hand_out_due(now)
            for key, _ in self._selector.select(self._pause()):
                self._read(key.data)
            now = time.perf_counter()
        self.seen.seconds = now - begun
        return self.seen

    def _connect(self) -> None:
        """Open the connections that are missing, or try again a little later."""
        while self._missing:
            try:
                client = Client(self._plan.port)
            except OSError:
                self.seen.statuses["unconnected"] += 1
                self._connect_at = time.perf_counter() + _TRY_AGAIN_SECONDS
                return
            self._missing -= 1
            self._selector.register(client.socket, selectors.EVENT_READ, client)
            self._is_free(client)

    def _read(self, client: Client) -> None:
        """Take note of an answer once it is whole, and of a connection that has ended."""
        try:
            answer = client.receive()
        except ConnectionError:
            self._lose(client)
            return
        if answer is None:
            return
        head, body = answer
        self._answered(client, head[9:12].decode(), body)
        if b"connection: close" in head.lower():
            self._lose(client)
        else:
            self._is_free(client)

    def _lose(self, client: Client) -> None:
        """Close a connection; another one is opened in its place."""
        if client.path:
            self._answered(client, "lost", b"")
        elif client in self._free:
            self._free.remove(client)
        self._selector.unregister(client.socket)
        client.socket.close()
        self._missing += time.perf_counter() < self._end or bool(self._waiting)

    def _is_free(self, client: Client) -> None:
        """Give a connection its next request."""
        now = time.perf_counter()
        if self._waiting:
            self._hand_out(client, self._waiting.popleft())
        elif self._plan.rate is None and now < self._end:
            self._hand_out(client, now)
        else:
            self._free.append(client)

    def _answered(self, client: Client, status: str, body: bytes) -> None:
        """Take note of an answer."""
        seen, path = self.seen, client.path
        seen.statuses[status] += 1
        seen.latencies.setdefault(status, []).append(1000.0 * (time.perf_counter() - client.due))
        if self._plan.keep_answers and status == "200":
            version = body.partition(b'"model_version":"')[2].partition(b'"')[0].decode()
            items = body[body.index(_ITEMS) :]
            digest = hashlib.sha256(items).hexdigest()
            seen.answers[path, version, digest] += 1
        client.path = ""
        self._busy -= 1

    def _hand_out_due(self, now: float) -> None:
        """Send the requests that are due by now, where there is a rate."""
        if self._plan.rate is None:
            return
        while self._next_due <= now and self._next_due < self._end:
            if self._free:
                self._hand_out(self._free.popleft(), self._next_due)
            else:
                self._waiting.append(self._next_due)
            self._next_due += 1.0 / self._plan.rate

    def _hand_out(self, client: Client, due: float) -> None:
        path, request = self._requests[self._next % len(self._requests)]
        self._next += 1
        self._busy += 1
        try:
            client.send(due, path, request)
        except ConnectionError:
            self._lose(client)

    def _pause(self) -> float:
        """Return for how long there is nothing to do but to wait for answers, in seconds."""
        if self._plan.rate is None or self._next_due >= self._end:
            return _TRY_AGAIN_SECONDS
        return min(max(self._next_due - time.perf_counter(), 0.0), _TRY_AGAIN_SECONDS)


def summary(seen: Seen) -> dict[str, Any]:
    """Return what came back as plain values: counts, rates, and percentiles in milliseconds."""
    ok = seen.latencies.get("200", []) + seen.latencies.get("202", [])
    return {
        "statuses": dict(seen.statuses),
        "per_second": round(len(ok) / seen.seconds, 1),
        "p50_ms": _percentile(ok, 50),
        "p95_ms": _percentile(ok, 95),
        "p99_ms": _percentile(ok, 99),
        "refused_p99_ms": _percentile(seen.latencies.get("503", []), 99),
        "answers": [[*key, count] for key, count in seen.answers.items()],
    }


def main() -> int:
    """Send what standard input says, and print what came back."""
    plan = Plan(**json.load(sys.stdin))
    print(json.dumps(summary(Load(plan).run())))
    return 0


def _percentile(values: Sequence[float], share: float) -> float | None:
    return round(float(np.percentile(values, share)), 2) if values else None


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(_LENGTH)
    return int(lower[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _bytes_of(method: str, path: str, body: str) -> bytes:
    sent = body.encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if sent:
        head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
    return head.encode() + b"\r\n" + sent


if __name__ == "__main__":
    sys.exit(main())
