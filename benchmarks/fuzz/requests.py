"""From an address to the bytes of a request, sound or not."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from benchmarks.fuzz import hostile
from benchmarks.fuzz.surface import Address, Surface

_SAFE = "/:@!$&'()*+,;=-._~"
_METHODS = ("TRACE", "PATCH", "PUT", "DELETE", "PROPFIND", "POST", "GET", "HEAD", "OPTIONS")
_LONG_BODY = 60_000
_FEW, _HALF, _MOST = 0.15, 0.5, 0.8


@dataclass(frozen=True)
class Request:
    """What is sent over a connection.

    Attributes:
        head: Request line and header, with the blank line.
        body: What follows.
        method: The method, which says whether a body is answered.
        is_whole: Whether it is a whole request, so that it must be answered; what breaks off or
            is no HTTP may as well be cut off.
        n_pieces: In how many pieces the body is sent.
        pause_seconds: Between two pieces.
    """

    head: bytes
    body: bytes
    method: str
    is_whole: bool = True
    n_pieces: int = 1
    pause_seconds: float = 0.0

    @property
    def is_reusable(self) -> bool:
        """Whether the connection may be used again; a long body may not be read to its end."""
        return self.is_whole and len(self.body) <= _LONG_BODY

    def pieces(self) -> Iterator[bytes]:
        """Yield what is sent, one after the other."""
        if self.n_pieces == 1:
            yield self.head + self.body
            return
        yield self.head
        size = max(len(self.body) // (self.n_pieces - 1), 1)
        for place in range(0, len(self.body), size):
            yield self.body[place : place + size]


class Author:
    """Writes requests, the same ones for the same seed.

    Args:
        surface: What there is to ask.
        seed: Of all that is drawn.
        keys: API keys that some requests carry.
    """

    def __init__(self, surface: Surface, seed: int, keys: Sequence[str]) -> None:
        self._surface = surface
        self._chance = random.Random(seed)  # noqa: S311 - no secrets
        self._keys = keys
        every = {name: schema for one in surface.addresses for name, schema in one.queries.items()}
        self._known_queries = every
        with_body = [one for one in surface.addresses if one.body is not None]
        # Bodies have more fields than addresses.
        self._addresses = [*surface.addresses, *with_body * 3]

    @property
    def n_addresses(self) -> int:
        """How many addresses and methods there are."""
        return len(self._surface.addresses)

    def write(self) -> Request:
        """Return the next request."""
        address = self._chance.choice(self._addresses)
        method = address.method
        if self._draw(0.03):
            method = self._chance.choice(_METHODS)
        header: dict[str, bytes] = {}
        body = b""
        if address.body is not None:
            body, header["Content-Type"] = self._body(address)
        elif self._draw(0.05):
            body, header["Content-Type"] = b"{}", b"application/json"
        if body or method in ("POST", "PUT", "PATCH"):
            header["Content-Length"] = str(len(body)).encode()
        self._add_header(header)
        lines = [f"{method} {self._target(address)} HTTP/1.1".encode(), b"Host: 127.0.0.1"]
        lines += [name.encode() + b": " + text for name, text in header.items()]
        return Request(b"\r\n".join(lines) + b"\r\n\r\n", body, method)

    def _draw(self, share: float) -> bool:
        return self._chance.random() < share

    def _target(self, address: Address) -> str:
        path = address.path
        if self._draw(0.03):
            path = "/" + hostile.text(self._chance)
        while "{" in path and "}" in path:
            before, _, rest = path.partition("{")
            name, _, after = rest.partition("}")
            path = before + self._in_path(name) + after
        pairs = []
        known = address.queries or (self._known_queries if self._draw(_FEW) else {})
        for name, schema in known.items():
            if self._draw(_HALF):
                continue
            texts = self._surface.example(schema, self._chance, name)
            pairs += [
                (name, json.dumps(text) if isinstance(text, bool) else text)
                for text in (texts if isinstance(texts, list) else [texts])
            ]
        for place in range(len(pairs)):
            if self._draw(_HALF):
                pairs[place] = (pairs[place][0], hostile.text(self._chance))
        if self._draw(0.1):
            pairs.append((hostile.text(self._chance), hostile.text(self._chance)))
        query = "&".join(f"{_escaped(name)}={_escaped(str(text))}" for name, text in pairs)
        return _escaped(path, _SAFE + "%") + (f"?{query}" if query else "")

    def _in_path(self, name: str) -> str:
        if self._draw(_HALF):
            return _escaped(hostile.text(self._chance).replace("{", "("))
        return _escaped(str(self._chance.randint(1, 400)) if name.endswith("_id") else "Drama")

    def _body(self, address: Address) -> tuple[bytes, bytes]:
        plain = self._surface.example(address.body or {}, self._chance)
        for _ in range(self._chance.choice((0, 1, 1, 2, 4))):
            plain = self._spoil(plain)
        body = json.dumps(plain, ensure_ascii=self._draw(_HALF)).encode("utf-8", "surrogatepass")
        kind = b"application/json"
        if self._draw(0.2):
            body = self._chance.choice(_BREAKS)(body, self._chance)
        if self._draw(0.05):
            kind = self._chance.choice(_KINDS)
        return body, kind

    def _spoil(self, plain: Any) -> Any:
        """Return a body with something hostile at a place drawn by chance."""
        if isinstance(plain, list) and plain and self._draw(_MOST):
            place = self._chance.randrange(len(plain))
            return [*plain[:place], self._spoil(plain[place]), *plain[place + 1 :]]
        if isinstance(plain, dict) and plain and self._draw(_MOST):
            name = self._chance.choice(list(plain))
            if self._draw(0.1):
                return {key: item for key, item in plain.items() if key != name}
            if self._draw(0.1):
                return {**plain, hostile.text(self._chance): hostile.value(self._chance)}
            return {**plain, name: self._spoil(plain[name])}
        return hostile.value(self._chance)

    def _add_header(self, header: dict[str, bytes]) -> None:
        if self._draw(0.3):
            key = self._chance.choice(self._keys)
            header["Authorization"] = f"Bearer {key}".encode()
        if self._draw(0.1):
            name = self._chance.choice(_HEADERS)
            text = hostile.text(self._chance).encode("utf-8", "surrogatepass")
            header[name] = text.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")


def _escaped(text: str, safe: str = "") -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe)


_HEADERS = (
    "X-Request-ID",
    "Authorization",
    "X-API-Key",
    "Accept",
    "Accept-Encoding",
    "If-None-Match",
    "If-Modified-Since",
    "Range",
    "Cookie",
    "User-Agent",
    "Referer",
    "Origin",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-HTTP-Method-Override",
    "Content-Encoding",
    "Content-Language",
)
_KINDS = (
    b"text/plain",
    b"application/json; charset=utf-16",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=fz",
    b"application/json;" + b"a" * 300,
    b"application/xml",
    b"",
)


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _insert(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    odd = (b"\xff", b"\0", b"NaN", b"Infinity", b",", b'"', b"\xed\xa0\x80", b"1e999", b"\\u0000")
    return body[:place] + chance.choice(odd) + body[place:]


def _noise(_body: bytes, chance: random.Random) -> bytes:
    return bytes(chance.randrange(256) for _ in range(50))


def _fixed(text: bytes) -> Callable[[bytes, random.Random], bytes]:
    return lambda _body, _chance: text


_BREAKS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut,
    _cut,
    _insert,
    _insert,
    _noise,
    lambda body, _: body * 2,
    lambda body, _: b"\xef\xbb\xbf" + body,
    lambda body, _: body.decode("utf-8", "replace").encode("utf-16"),
    lambda body, _: b" " * 2000 + body,
    lambda _, chance: b"[" * chance.choice((10, 1000, 100_000)),
    lambda _, chance: b'{"a":' * chance.choice((10, 1000, 20_000)),
    _fixed(b""),
    _fixed(b"9" * 5000),
    _fixed(b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    _fixed(b"x" * 1_100_000),
)
