"""Requests that are no HTTP, that break off, or that come slowly."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from benchmarks.fuzz import hostile
from benchmarks.fuzz.requests import Request

_HOST = b"Host: 127.0.0.1\r\n"


def slowly(request: Request) -> Request:
    """Return the request, its body sent in eight pieces over half a second."""
    return replace(request, n_pieces=8, pause_seconds=0.06)


def broken_off(request: Request, chance: random.Random) -> Request:
    """Return a request whose body ends before its end, or that ends in its header."""
    if request.body and chance.random() < 0.5:  # noqa: PLR2004 - as often as not
        body = request.body[: chance.randrange(len(request.body))]
        return replace(request, body=body, is_whole=False)
    head = request.head[: chance.randrange(1, len(request.head))]
    return replace(request, head=head, body=b"", is_whole=False)


def no_http(request: Request, chance: random.Random) -> Request:
    """Return something that breaks the rules of HTTP/1.1."""
    raw = chance.choice(_RULES)(request, chance)
    return Request(raw, b"", request.method, is_whole=False)


def _with_header(line: Callable[[random.Random], bytes]) -> Callable[..., bytes]:
    def write(request: Request, chance: random.Random) -> bytes:
        return request.head[:-2] + line(chance) + b"\r\n\r\n" + request.body

    return write


def _with_line(line: Callable[[random.Random], bytes]) -> Callable[..., bytes]:
    return lambda _request, chance: line(chance) + b"\r\n" + _HOST + b"\r\n"


def _chunked(body: bytes) -> Callable[..., bytes]:
    head = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw = b"POST /v1/events HTTP/1.1\r\n" + _HOST + head + body
    return lambda _request, _chance: raw


def _markup(chance: random.Random) -> bytes:
    return hostile.markup(chance).encode()


def _bytes(_request: Request, chance: random.Random) -> bytes:
    return bytes(chance.randrange(256) for _ in range(200))


def _tls(_request: Request, _chance: random.Random) -> bytes:
    return b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 60


_RULES: tuple[Callable[[Request, random.Random], bytes], ...] = (
    _with_header(lambda _: b"Content-Length: 7\r\nContent-Length: 9"),
    _with_header(lambda _: b"Content-Length: -1"),
    _with_header(lambda _: b"Content-Length: 1e3"),
    _with_header(lambda _: b"Content-Length: " + b"9" * 40),
    _with_header(lambda _: b"Transfer-Encoding: chunked\r\nContent-Length: 3"),
    _with_header(lambda _: b"Transfer-Encoding: gzip, fz"),
    _with_header(_markup),
    _with_header(lambda chance: b"X-" + _markup(chance) + b": 1"),
    _with_header(lambda _: b"X-Null: a\0b"),
    _with_header(lambda _: b"X-Space : 1"),
    _with_header(lambda _: b"X-Folded: a\r\n b"),
    _with_header(lambda _: b"X-Long: " + b"a" * 100_000),
    _with_header(lambda _: b"\r\n".join(b"X-%d: 1" % place for place in range(500))),
    _with_header(lambda _: b"Expect: fz"),
    _with_header(lambda _: b"Connection: Upgrade\r\nUpgrade: h2c"),
    _with_line(lambda chance: b"GET /" + _markup(chance) + b" HTTP/1.1"),
    _with_line(lambda chance: _markup(chance).replace(b" ", b"") + b" / HTTP/1.1"),
    _with_line(lambda chance: b"GET / HTTP/" + _markup(chance)),
    _with_line(lambda _: b"GET / HTTP/9.9"),
    _with_line(lambda _: b"get / HTTP/1.1"),
    _with_line(lambda _: b"GET /" + b"a" * 20_000 + b" HTTP/1.1"),
    _with_line(lambda _: b"GET /\xff\xfe\xed\xa0\x80 HTTP/1.1"),
    _with_line(lambda _: b"GET http://evil.example/v1/popular HTTP/1.1"),
    _with_line(lambda _: b"GET * HTTP/1.1"),
    _with_line(lambda _: b"GET v1/popular HTTP/1.1"),
    _with_line(lambda _: b"GET /"),
    _with_line(lambda _: b"CONNECT 127.0.0.1:22 HTTP/1.1"),
    _chunked(b"zz\r\n{}\r\n0\r\n\r\n"),
    _chunked(b"-2\r\n{}\r\n0\r\n\r\n"),
    _chunked(b"2\r\n{}0\r\n\r\n"),
    _chunked(b"ffffffffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
    _chunked(b"2;fz=1\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n"),
    _bytes,
    _tls,
)
