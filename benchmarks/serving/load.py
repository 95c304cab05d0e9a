"""A load generator in a process of its own: HTTP/1.1 over kept-alive connections.

``python -m benchmarks.serving.load`` reads a `Plan` as JSON from standard input and prints what
it saw. Each connection sends one request at a time; without a rate the next follows the answer at
once, with one requests are sent when they are due, and the wait for a free connection counts in
their latency.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
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
    """Wait for a load generator and return what it printed."""
    assert process.stdout is not None  # noqa: S101 - as above
    found: dict[str, Any] = json.loads(process.stdout.read())
    process.wait()
    return found


class Client(asyncio.Protocol):
    """One connection.

    Args:
        load: What it belongs to.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._due = 0.0
        self._path = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for something to send."""
        self._transport = transport  # type: ignore[assignment]
        self._load.is_free(self)

    def send(self, due: float, path: str, request: bytes) -> None:
        """Send a request that was due at a time."""
        self._due, self._path, self._buffer = due, path, b""
        if self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take note of an answer once it is whole."""
        self._buffer += data
        head, blank, body = self._buffer.partition(_BLANK)
        if not blank or len(body) < _length(head):
            return
        self._load.answered(self._due, self._path, head[9:12].decode(), body)
        closes = b"connection: close" in head.lower()
        self._path = ""
        if closes and self._transport is not None:
            self._transport.close()
        else:
            self._load.is_free(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Open another one in its place."""
        if self._path:
            self._load.answered(self._due, self._path, "lost", b"")
        self._transport = None
        self._load.reconnect()


class Load:
    """Sends requests until the time is over.

    Args:
        plan: What is sent.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [(request[1], _bytes_of(*request)) for request in plan.requests]
        self._next = 0
        self._free: deque[Client] = deque()
        self._waiting: deque[float] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._busy = 0
        self._end = 0.0
        self._done = asyncio.Event()
        self.seen = Seen()

    async def run(self) -> Seen:
        """Send everything and return what came back."""
        begun = time.perf_counter()
        self._end = begun + self._plan.seconds
        for _ in range(self._plan.connections):
            await self._connect()
        if self._plan.rate is not None:
            await self._pace(self._plan.rate)
        await self._done.wait()
        self.seen.seconds = time.perf_counter() - begun
        return self.seen

    def is_free(self, client: Client) -> None:
        """Give a connection its next request."""
        now = time.perf_counter()
        if self._plan.rate is None:
            if now < self._end:
                self._hand_out(client, now)
        elif self._waiting:
            self._hand_out(client, self._waiting.popleft())
        else:
            self._free.append(client)
        if now >= self._end and self._busy == 0 and not self._waiting:
            self._done.set()

    def answered(self, due: float, path: str, status: str, body: bytes) -> None:
        """Take note of an answer."""
        seen = self.seen
        seen.statuses[status] += 1
        seen.latencies.setdefault(status, []).append(1000.0 * (time.perf_counter() - due))
        if self._plan.keep_answers and status == "200":
            version = body.partition(b'"model_version":"')[2].partition(b'"')[0].decode()
            items = body[body.index(_ITEMS) :]
            digest = hashlib.sha256(items).hexdigest()
            seen.answers[path, version, digest] += 1
        self._busy -= 1

    def reconnect(self) -> None:
        """Open a connection in place of one that is lost."""
        if time.perf_counter() < self._end or self._waiting:
            task = asyncio.get_running_loop().create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._busy == 0:
            self._done.set()

    def _hand_out(self, client: Client, due: float) -> None:
        path, request = self._requests[self._next % len(self._requests)]
        self._next += 1
        self._busy += 1
        client.send(due, path, request)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: Client(self), "127.0.0.1", self._plan.port)
        except OSError:
            self.seen.statuses["unconnected"] += 1
            await asyncio.sleep(0.05)
            self.reconnect()

    async def _pace(self, rate: float) -> None:
        due = time.perf_counter()
        while due < self._end:
            await asyncio.sleep(max(due - time.perf_counter(), 0.0))
            if self._free:
                self._hand_out(self._free.popleft(), due)
            else:
                self._waiting.append(due)
            due += 1.0 / rate
        # An answer that comes before the end does not end the run.
        await asyncio.sleep(max(self._end - time.perf_counter(), 0.0))
        if self._busy == 0:
            self._done.set()


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

    async def work() -> Seen:
        return await Load(plan).run()

    print(json.dumps(summary(asyncio.run(work()))))
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
