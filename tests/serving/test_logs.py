from __future__ import annotations

import json
import logging
import select
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from serving.logs import AccessLog, JsonFormatter, configuration


def line_of(message: object, *args: object, error: BaseException | None = None) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("serving.x", logging.ERROR, __file__, 1, message, args, info)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_record_is_one_object_on_one_line() -> None:
    line = line_of("two\nlines of %d", 7)
    assert (line["level"], line["logger"], line["message"]) == (
        *("error", "serving.x", "two\nlines of 7"),
    )


def test_keys_and_addresses_are_left_out() -> None:
    line = line_of("key mr_0123456789ab_Secret-Part_1 of %s", "ip=10.0.0.7: bad")
    assert "Secret" not in line["message"]
    assert "10.0.0.7" not in line["message"]


def test_a_failed_request_is_logged_without_its_path() -> None:
    line = line_of("Error handling request %s %s", "GET", "/v1/users/471147114711?token=secret")
    assert line["message"] == "Error handling request"


def test_an_error_is_logged_by_its_places_and_not_by_its_message() -> None:
    try:
        int("user 471147114711")
    except ValueError as error:
        line = line_of("failed", error=error)
    assert line["error"] == "ValueError"
    assert any(__file__ in place for place in line["at"])
    assert "471147114711" not in json.dumps(line)


@given(method=st.text(min_size=1), route=st.text())
def test_a_request_is_one_line_of_json_whatever_was_sent(method: str, route: str) -> None:
    written: list[bytes] = []
    AccessLog(written.append).request("id-1", method, route, "200", 0.01234)
    (line,) = written
    assert line.count(b"\n") == 1
    parsed = json.loads(line)
    assert (parsed["method"], parsed["route"]) == (method, route)
    assert (parsed["request_id"], parsed["status"], parsed["ms"]) == ("id-1", 200, 12.34)


def test_a_log_that_cannot_be_written_fails_no_request() -> None:
    def full(line: bytes) -> None:
        raise OSError

    AccessLog(full).request("id-1", "GET", "/", "200", 0.1)


def test_every_logger_of_the_server_writes_json(capsys: Any) -> None:
    import logging.config

    before = logging.getLogger("serving").handlers[:]
    logging.config.dictConfig({**configuration(), "root": {"level": "WARNING"}})
    try:
        logging.getLogger("serving.x").info("hello")
        logging.getLogger("gunicorn.error").info("hello")
    finally:
        for name in ("serving", "events", "recommender", "gunicorn.error", "gunicorn.access"):
            logger = logging.getLogger(name)
            logger.handlers[:], logger.propagate = before, True
            logger.setLevel(logging.NOTSET)
    sys.stderr.flush()
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["hello", "hello"]


def test_lines_are_gathered_and_written_in_pieces_that_stay_whole() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append)
    log.gather()
    for number in range(100):
        log.request(f"id-{number}", "GET", "/", "200", 0.1)
    assert not written
    log.flush()
    assert 1 < len(written) < 10
    assert all(len(piece) <= select.PIPE_BUF and piece.endswith(b"\n") for piece in written)
    lines = [json.loads(line) for line in b"".join(written).splitlines()]
    assert [line["request_id"] for line in lines] == [f"id-{number}" for number in range(100)]
    written.clear()
    log.flush()
    assert not written


def test_many_lines_that_wait_are_written_by_a_request() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append)
    log.gather()
    for _ in range(1000):
        log.request("id", "GET", "/", "200", 0.1)
    assert 500 < b"".join(written).count(b"\n") <= 1000
