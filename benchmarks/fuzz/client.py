"""Sends requests over kept-alive connections, and reads whatever comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from benchmarks.fuzz.requests import Request

#: Longer than the server lets any request take.
_PATIENCE_SECONDS = 60.0
_LARGEST_HEAD = 2**20


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: The HTTP status.
        header: Names in small letters.
        raw: Everything, header included.
        body: What follows the header.
    """

    status: int
    header: Mapping[str, str]
    raw: bytes
    body: bytes


Judge = Callable[[Request, Answer | None], None]


class Sender:
    """Sends requests and hands each answer to a judge.

    Args:
        port: Where the server listens on 127.0.0.1.
        judge: Told of each request and its answer, or ``None`` where the connection ended first.
    """

    def __init__(self, port: int, judge: Judge) -> None:
        self._port = port
        self._judge = judge

    async def send(self, requests: Iterable[Request], connections: int) -> None:
        """Send requests, ``connections`` at a time."""
        waiting = iter(requests)
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(self._work(waiting))

    async def _work(self, waiting: Iterable[Request]) -> None:
        connection: _Connection | None = None
        for request in waiting:
            if connection is None:
                connection = await _Connection.open(self._port)
            answer = await connection.ask(request)
            self._judge(request, answer)
            if answer is None or not request.is_reusable or connection.is_done(answer):
                await connection.close()
                connection = None
        if connection is not None:
            await connection.close()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> _Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=_LARGEST_HEAD))

    async def ask(self, request: Request) -> Answer | None:
        """Send a request, piece by piece where it says so, and return the answer, if any."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                sending = asyncio.create_task(self._send(request))
                try:
                    answer = await self._read(request.method)
                    await sending
                finally:
                    sending.cancel()
                return answer
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return None

    async def _send(self, request: Request) -> None:
        """Send all of a request, even after the answer to it has come."""
        for piece in request.pieces():
            try:
                self._writer.write(piece)
                await self._writer.drain()
            except OSError:
                return  # whether that is right, the answer shows
            await asyncio.sleep(request.pause_seconds)

    async def _read(self, method: str) -> Answer:
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        header = {}
        for line in lines[1:]:
            name, _, text = line.partition(":")
            header[name.lower()] = text.strip()
        status = int(lines[0].split(" ", 2)[1])
        has_body = method != "HEAD" and status not in (204, 304)
        body = await self._body(header) if has_body else b""
        return Answer(status, header, head + body, body)

    async def _body(self, header: Mapping[str, str]) -> bytes:
        if "content-length" in header:
            return await self._reader.readexactly(int(header["content-length"]))
        if header.get("transfer-encoding") != "chunked":
            return await self._reader.read()
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return body

    def is_done(self, answer: Answer) -> bool:
        """Return whether nothing more can be asked."""
        return answer.header.get("connection") == "close" or self._reader.at_eof()

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return
