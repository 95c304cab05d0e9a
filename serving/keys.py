"""API keys: hashed, scoped, several valid at once, read again when their file changes.

A key is ``mr_<id>_<secret>`` and is shown once, when it is made. The file holds the SHA-256 of
the whole key, which is enough for a secret of 256 random bits: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from functools import wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, get_args

from flask import Flask, current_app, request

from recommender.errors import UsageError
from recommender.publication import write_json
from serving.problems import Problem

Scope = Literal["write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "mr_"
_EXTENSION = "roulette.keys"
_ID_BYTES, _SECRET_BYTES = 6, 32
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="movie-roulette"'}
_Seen = tuple[int, int, int] | None

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key.

    Attributes:
        key_id: Names it, in the file and in the list.
        name: Whose it is, as its maker said.
        scopes: What it allows.
        sha256: Of the whole key, in hexadecimal.
        created_at: When it was made, ISO 8601, UTC.
    """

    key_id: str
    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    created_at: str


class KeyRing:
    """The keys of one file, as it is now.

    Args:
        file: Where they are; without the file there are none.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._read: tuple[_Seen, Mapping[str, ApiKey]] = (None, {})

    def keys(self) -> Mapping[str, ApiKey]:
        """Return the keys by id.

        Raises:
            UsageError: The file is not what `create` writes.
        """
        seen = _seen(self.file)
        if self._read[0] != seen:
            with self._lock:
                self._read = (seen, _parse(self.file))
        return self._read[1]

    def find(self, text: str) -> ApiKey | None:
        """Return the key that ``text`` is, or ``None``; in constant time for a known id."""
        found = self.keys().get(_key_id(text))
        expected = found.sha256 if found is not None else ""
        return found if hmac.compare_digest(expected, _digest(text)) else None

    def create(self, name: str, scopes: Sequence[Scope]) -> str:
        """Make a key and return it; it cannot be shown again.

        Raises:
            UsageError: There is no scope, or one that is not known.
        """
        if not scopes or set(scopes) - set(SCOPES):
            raise UsageError("must be some of " + ", ".join(SCOPES), place="scopes", value=scopes)
        key_id = secrets.token_hex(_ID_BYTES)
        text = f"{PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = ApiKey(key_id, name, tuple(sorted(set(scopes))), _digest(text), now)
        with _changing(self.file):
            self._write({**_parse(self.file), key_id: made})
        return text

    def revoke(self, key_id: str) -> ApiKey:
        """Remove a key; no worker accepts it from then on.

        Raises:
            UsageError: There is none of this id.
        """
        with _changing(self.file):
            keys = dict(_parse(self.file))
            if key_id not in keys:
                raise UsageError(
                    "there is no such key",
                    place=str(self.file),
                    value=key_id,
                    remedy="`python -m serving keys list` shows them.",
                )
            gone = keys.pop(key_id)
            self._write(keys)
        return gone

    def _write(self, keys: Mapping[str, ApiKey]) -> None:
        write_json(self.file, {"keys": [asdict(key) for key in keys.values()]})


def init_app(app: Flask, file: Path, *, anonymous_writes: bool) -> None:
    """Let ``app`` ask for keys.

    Args:
        app: The application.
        file: Where the keys are.
        anonymous_writes: Whether the scope ``write`` is everyone's.
    """
    granted: frozenset[Scope] = frozenset({"write"}) if anonymous_writes else frozenset()
    app.extensions[_EXTENSION] = (KeyRing(file), granted)


def ring() -> KeyRing:
    """Return the keys of the application that answers."""
    found: KeyRing = current_app.extensions[_EXTENSION][0]
    return found


def check(scope: Scope) -> None:
    """Do nothing where the current request may do what ``scope`` allows.

    A key that is sent and not valid is refused even where none is needed.

    Raises:
        Problem: 401 where the request has no valid key, 403 where its key is for something else.
    """
    ring, granted = current_app.extensions[_EXTENSION]
    text = _sent_key()
    if text is None:
        if scope in granted:
            return
        raise Problem(401, "An API key is needed here.", headers=_CHALLENGE)
    key = ring.find(text)
    if key is None:
        raise Problem(401, "The API key is not valid.", headers=_CHALLENGE)
    if scope not in {*key.scopes, *granted}:
        raise Problem(403, f"The API key does not have the scope {scope}.")


def sender() -> ApiKey:
    """Return the key with which the current request was sent.

    Raises:
        Problem: 401 where it has no valid one.
    """
    text = _sent_key()
    found = None if text is None else ring().find(text)
    if found is None:
        raise Problem(401, "An API key is needed here.", headers=_CHALLENGE)
    return found


def required(scope: Scope) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return the decorator of views that need a key of this scope."""

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            check(scope)
            return view(*args, **kwargs)

        return checked

    return decorate


def _sent_key() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.headers.get("X-API-Key") or None


def _key_id(text: str) -> str:
    return text.removeprefix(PREFIX).partition("_")[0]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _seen(file: Path) -> _Seen:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _parse(file: Path) -> Mapping[str, ApiKey]:
    try:
        plain = json.loads(file.read_bytes())
        return {entry["key_id"]: _key(entry) for entry in plain["keys"]}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"not a file of API keys: {error!r}", place=str(file)) from error


def _key(entry: Mapping[str, Any]) -> ApiKey:
    return ApiKey(**{**entry, "scopes": tuple(entry["scopes"])})


@contextmanager
def _changing(file: Path) -> Any:
    """Hold the file against another command that changes it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield
