"""Logs as JSON, one object a line, without personal data or keys.

A request is logged by the template of its route, never by its path, query or client's address. A
traceback is logged as the places it went through and the error's type: its message may hold what
a client sent.
"""

from __future__ import annotations

import json
import logging
import os
import re
import select
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_KEY = re.compile(r"mr_[0-9a-f]+_[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"\bip=\S+")
#: gunicorn puts the address asked for into this message.
_WITH_PATH = "Error handling request"
_STANDARD_ERROR = 2
#: Lines from which a request writes them itself.
_MOST_WAITING = 256
_quoted = lru_cache(256)(json.dumps)
#: When, and what `AccessLog.request` is given.
_Answered = tuple[float, str, str, str, str, float]


class JsonFormatter(logging.Formatter):
    """Makes one line of JSON of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": _iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            "process": record.process,
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["at"] = _places(record.exc_info[1])
        return json.dumps(line)


def configuration(level: str = "INFO") -> dict[str, Any]:
    """Return the settings of `logging.config.dictConfig`, for gunicorn and for the application."""
    own = {"level": level, "handlers": ["console"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "serving.logs.JsonFormatter"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["console"]},
        "loggers": {
            **dict.fromkeys(("gunicorn.error", "serving", "events", "recommender"), own),
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }


class AccessLog:
    """Writes a line for each request: at once or, once it gathers, several together.

    While it gathers someone must call `flush` now and then; a worker that is killed takes the
    lines since then with it.

    Args:
        write: Takes the bytes of whole lines; standard error unless given.
    """

    def __init__(self, write: Callable[[bytes], object] | None = None) -> None:
        self._write = write or _write_standard_error
        self._waiting: deque[_Answered] = deque()
        self._gathers = False

    def gather(self) -> None:
        """Write several lines together from now on: each call of the system costs a request."""
        self._gathers = True

    def request(
        self, request_id: str, method: str, route: str, status: str, seconds: float
    ) -> None:
        """Note one request; a write that fails fails none."""
        self._waiting.append((time.time(), request_id, method, route, status, seconds))
        if not self._gathers or len(self._waiting) >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what waits, of which other threads may take a part."""
        lines = [_line(answered) for answered in self._take()]
        together = b""
        try:
            for line in lines:
                # A pipe that several processes write to takes so many bytes as one piece.
                if together and len(together) + len(line) > select.PIPE_BUF:
                    self._write(together)
                    together = b""
                together += line
            if together:
                self._write(together)
        except OSError:
            return

    def _take(self) -> Iterator[_Answered]:
        while True:
            try:
                yield self._waiting.popleft()
            except IndexError:
                return


def _line(answered: _Answered) -> bytes:
    at, request_id, method, route, status, seconds = answered
    # By hand: every value is known to need no escape, but for the method and the route.
    line = (
        f'{{"time":"{_iso(at)}","level":"info",'
        f'"logger":"access","request_id":"{request_id}","method":{_quoted(method)},'
        f'"route":{_quoted(route)},"status":{status},"ms":{1000.0 * seconds:.2f},'
        f'"process":{os.getpid()}}}\n'
    )
    return line.encode("ascii", "backslashreplace")


def _write_standard_error(line: bytes) -> None:
    os.write(_STANDARD_ERROR, line)


def _message(record: logging.LogRecord) -> str:
    template = str(record.msg)
    text = _WITH_PATH if template.startswith(_WITH_PATH) else record.getMessage()
    return _ADDRESS.sub("ip=-", _KEY.sub("mr_-", text))


def _places(error: BaseException | None) -> list[str]:
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
