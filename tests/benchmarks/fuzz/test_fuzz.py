"""A short run of the hostile requests against the real server, and the judge of the answers."""

from __future__ import annotations

import json
import random

import pytest

from benchmarks.fuzz import __main__ as fuzz
from benchmarks.fuzz import hostile
from benchmarks.fuzz.client import Answer
from benchmarks.fuzz.requests import Author, Request
from benchmarks.fuzz.verdicts import Verdicts

ASKED = Request(b"GET / HTTP/1.1\r\n\r\n", b"", "GET")
SOUND = {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "x-request-id": "1",
}


def test_hostile_requests_find_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--requests", "2000", "--seed", "4", "--check"]) == 0
    figures = json.loads(capsys.readouterr().out)["figures"]
    statuses = figures["statuses"]
    assert figures["addresses"] > 40
    for usual in ("200", "202", "400", "401", "404", "413", "415", "422", "cut off"):
        assert statuses.get(usual, 0) > 0, statuses


def test_the_same_seed_writes_the_same_requests() -> None:
    surface = fuzz.surface()
    one, same, other = (Author(surface, seed, ["key"]) for seed in (1, 1, 2))
    written = [one.write() for _ in range(500)]
    assert written == [same.write() for _ in range(500)]
    assert written != [other.write() for _ in range(500)]
    fields = b"".join(request.head + request.body for request in written)
    for name in (b"diversity", b"event_id", b"/v1/users/", b"X-Request-ID"):
        assert name in fields


@pytest.mark.parametrize(
    ("status", "body", "header", "fault"),
    [
        (500, b"{}", {}, "server_errors"),
        (503, b'{"type":"/docs/problems#overloaded"}', {}, "server_errors"),
        (422, b'{"detail":"Traceback (most recent call last)"}', {}, "traces"),
        (422, b'{"detail":"sqlalchemy.exc.DataError"}', {}, "traces"),
        (200, b'{"id":"<script fz1>"}', {}, "reflected"),
        (200, b'<p title="" onmouseover=fz1>', {"content-type": "text/html"}, "reflected"),
        (200, b'{"score":NaN}', {}, "not_json"),
        (200, b"{}", {"content-type": ""}, "without_type"),
        (200, b"{}", {"x-content-type-options": ""}, "sniffable"),
    ],
)
def test_a_fault_is_found(status: int, body: bytes, header: dict[str, str], fault: str) -> None:
    verdicts = Verdicts()
    verdicts.judge(ASKED, Answer(status, SOUND | header, body, body))
    assert dict(verdicts.faults) == {fault: 1}
    assert [example["fault"] for example in verdicts.examples] == [fault]


@pytest.mark.parametrize(
    ("line", "is_fault"),
    [(b"X-Injected: fz", True), (b"Set-Cookie: fz=1", True), (b"Set-Cookie: own=fz", False)],
)
def test_a_header_of_the_client_is_told_from_one_of_the_server(line: bytes, is_fault: bool) -> None:
    verdicts = Verdicts()
    raw = b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n{}"
    verdicts.judge(ASKED, Answer(200, SOUND, raw, b"{}"))
    assert dict(verdicts.faults) == ({"headers_injected": 1} if is_fault else {})


def test_no_answer_is_a_fault_where_the_request_was_whole() -> None:
    verdicts = Verdicts()
    verdicts.judge(ASKED, None)
    verdicts.judge(Request(b"GET", b"", "GET", is_whole=False), None)
    assert dict(verdicts.faults) == {"unanswered": 1}
    assert verdicts.statuses["cut off"] == 2


def test_a_503_that_is_given_on_purpose_is_counted_apart() -> None:
    verdicts = Verdicts()
    body = b'{"type":"/docs/problems#overloaded"}'
    verdicts.judge(ASKED, Answer(503, {**SOUND, "retry-after": "1"}, body, body))
    assert not verdicts.faults
    assert dict(verdicts.unavailable) == {"overloaded": 1}


def test_escaped_markup_is_no_fault() -> None:
    chance = random.Random(1)  # noqa: S311 - no secrets
    for _ in range(50):
        text = json.dumps(hostile.markup(chance)).replace("<", "\\u003c").encode()
        verdicts = Verdicts()
        verdicts.judge(ASKED, Answer(200, SOUND, text, text))
        assert not verdicts.faults
