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
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

_KEY = re.compile(r"mr_[0-9a-f]+_[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"\bip=\S+")
#: gunicorn puts the address asked for into this message.
_WITH_PATH = "Error handling request"
_STANDARD_ERROR = 2


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
    """Writes a line for each request.

    Args:
        write: Takes the line's bytes; standard error unless given.
    """

    def __init__(self, write: Callable[[bytes], object] | None = None) -> None:
        self._write = write or _write_standard_error

    def request(
        self, request_id: str, method: str, route: str, status: str, seconds: float
    ) -> None:
        """Write one line; a write that fails fails no request."""
        # By hand: every value is known to need no escape, but for the method.
        line = (
            f'{{"time":"{datetime.now(UTC).isoformat(timespec="milliseconds")}","level":"info",'
            f'"logger":"access","request_id":"{request_id}","method":{json.dumps(method)},'
            f'"route":{json.dumps(route)},"status":{status},"ms":{1000.0 * seconds:.2f},'
            f'"process":{os.getpid()}}}\n'
        )
        try:
            self._write(line.encode("ascii", "backslashreplace"))
        except OSError:
            return


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
