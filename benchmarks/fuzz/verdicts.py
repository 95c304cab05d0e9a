"""Whether an answer is one that a hostile request may get."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.fuzz.client import Answer
from benchmarks.fuzz.hostile import MARK
from benchmarks.fuzz.requests import Request

_SERVER_ERROR, _UNAVAILABLE = 500, 503
#: 503 that the server gives on purpose, with the time after which another try makes sense.
_BY_DESIGN = ("#overloaded", "#store-unavailable")
#: Code, not words that an answer may have for people.
_TRACE = re.compile(
    rb"Traceback \(most recent|File \"[^\"]+\", line \d|site-packages|sqlalchemy[./]|sqlite3\."
    rb"|psycopg|pydantic_core|werkzeug\.|/serving/|[A-Za-z]Error\b|Exception\b|/(?:home|root)/"
)
_MARK = MARK.encode()
#: Markup of `hostile.markup` as a browser would read it.
_MARKUP = re.compile(rb"(?i)<(?:script|img|svg|iframe)[ /]" + _MARK)
#: An attribute that would end the one in which it stands; in JSON the quote is escaped.
_ATTRIBUTE = re.compile(rb'(?<!\\)" onmouseover=' + _MARK)
#: The headers that `hostile` tries to bring in; the pages' own cookies have other names.
_INJECTED = re.compile(rb"(?im)^(?:x-injected:|set-cookie:\s*" + _MARK + rb"=)")
_MOST_EXAMPLES = 20
_LONGEST_EXAMPLE = 400


@dataclass
class Verdicts:
    """What was seen, and what must not be.

    Attributes:
        statuses: Answers by status; ``cut off`` for connections that ended without one.
        unavailable: Answers of 503 that are given on purpose, by kind.
        faults: What must not be, by kind.
        examples: The first of them, with what was sent.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    unavailable: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def judge(self, request: Request, answer: Answer | None) -> None:
        """Take note of an answer, or of a connection that ended without one."""
        self.statuses["cut off" if answer is None else str(answer.status)] += 1
        for fault in self._faults(request, answer):
            self.faults[fault] += 1
            if len(self.examples) < _MOST_EXAMPLES:
                said = b"" if answer is None else answer.raw
                sent = request.head + request.body
                self.examples.append({"fault": fault, "sent": _shown(sent), "got": _shown(said)})

    def _faults(self, request: Request, answer: Answer | None) -> Iterator[str]:
        if answer is None:
            if request.is_whole:
                yield "unanswered"
            return
        if answer.status >= _SERVER_ERROR:
            kind = _kind_of_unavailable(answer)
            if kind is None:
                yield "server_errors"
            else:
                self.unavailable[kind] += 1
        yield from faults_of_text(answer)


def faults_of_text(answer: Answer) -> Iterator[str]:
    """Yield what is wrong with what an answer says, whatever its status."""
    if _TRACE.search(answer.raw):
        yield "traces"
    if _MARKUP.search(answer.raw) or _ATTRIBUTE.search(answer.raw):
        yield "reflected"
    if _INJECTED.search(answer.raw.partition(b"\r\n\r\n")[0]):
        yield "headers_injected"
    kind = answer.header.get("content-type", "")
    if "json" in kind and answer.body and not _is_json(answer.body):
        yield "not_json"
    if answer.body and not kind:
        yield "without_type"
    if answer.header.get("x-content-type-options") != "nosniff" and not _is_gunicorns(answer):
        yield "sniffable"


def _kind_of_unavailable(answer: Answer) -> str | None:
    """Return the kind of a 503 that is given on purpose, or ``None``."""
    if answer.status != _UNAVAILABLE or "retry-after" not in answer.header:
        return None
    text = answer.body.decode("utf-8", "replace")
    return next((kind[1:] for kind in _BY_DESIGN if kind in text), None)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body, parse_constant=_refuse)
    except ValueError:
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_gunicorns(answer: Answer) -> bool:
    """Return whether gunicorn answers by itself that a request is no HTTP."""
    return "x-request-id" not in answer.header


def _shown(raw: bytes) -> str:
    return raw[:_LONGEST_EXAMPLE].decode("utf-8", "backslashreplace")
