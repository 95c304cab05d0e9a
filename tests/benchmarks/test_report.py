from __future__ import annotations

import json

import pytest

from benchmarks.report import at_least, at_most, emit, machine, say


@pytest.mark.parametrize(
    ("value", "most", "least"), [(1.0, True, False), (2.0, True, True), (3.0, False, True)]
)
def test_bounds_include_themselves(value: float, most: bool, least: bool) -> None:
    assert at_most("x", value, 2.0).ok is most
    assert at_least("x", value, 2.0).ok is least


@pytest.mark.parametrize(
    ("value", "check", "status"), [(1.0, True, 0), (3.0, True, 1), (3.0, False, 0)]
)
def test_the_report_is_one_json_object(
    capsys: pytest.CaptureFixture[str], value: float, check: bool, status: int
) -> None:
    say("working")
    assert emit({"seconds": value}, [at_most("seconds", value, 2.0)], check=check) == status
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert err == "working\n"
    assert report["figures"] == {"seconds": value}
    assert report["machine"] == machine()
    assert report["checks"] == [
        {"name": "seconds", "value": value, "bound": 2.0, "ok": value <= 2.0}
    ]


def test_the_machine_is_described() -> None:
    found = machine()
    assert found["cores"] >= 1
    assert found["memory_gb"] > 0
    assert found["processor"]
