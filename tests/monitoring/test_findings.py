"""What a light process reads of a report and of the journal, and what it says of other shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitoring.errors import MonitoringError
from monitoring.findings import read_findings
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.standing import standing


def report(**changed: Any) -> dict[str, Any]:
    columns = {"rating": {"samples": 900, "distances": {"psi": 0.05}}}
    metric = {"value": 0.8, "sigma": 0.01, "samples": 12}
    return {
        "made_at": 4000.0,
        "windows": [{"start": 0.0, "columns": columns}],
        "versions": [{"version": "1", "metrics": {"rmse": metric}}],
        "distributions": {"rating": {"labels": ["a"], "reference": [0.5], "live": [0.2]}},
        "alerts": ["look here"],
        **changed,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "drift.json"


def test_a_report_is_read_as_people_see_it(file: Path) -> None:
    assert read_findings(file) is None
    file.write_text(json.dumps(report()))
    found = read_findings(file)
    assert found is not None
    assert [(one.start, one.samples, one.psi) for one in found.columns["rating"]] == [
        (0.0, 900, 0.05)
    ]
    assert found.shares["rating"] == (("a", 0.5, 0.2),)
    assert [(one.version, one.metric, one.value) for one in found.performance] == [
        ("1", "rmse", 0.8)
    ]
    assert found.alerts == ("look here",)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"windows": 5}, "not iterable"),
        ({"windows": [{"columns": {}}, {}]}, "key 'columns'"),
        ({"versions": [{"version": "1", "metrics": {"rmse": {"value": True}}}]}, "no number"),
        ({"made_at": float("inf")}, "not finite"),
        ({"made_at": 1e20}, "no time"),
        ({"alerts": [3]}, "no text"),
    ],
)
def test_a_report_of_another_shape_names_its_file(
    file: Path, changed: dict[str, Any], named: str
) -> None:
    file.write_text(json.dumps(report(**changed)))
    with pytest.raises(MonitoringError, match=named) as caught:
        read_findings(file)
    assert caught.value.place == str(file)


@pytest.mark.parametrize("table", ["decisions", "retrainings"])
def test_a_journal_of_another_shape_hides_only_what_it_holds(tmp_path: Path, table: str) -> None:
    folders = MonitoringFolders(tmp_path)
    journal = Journal(folders.journal)
    with journal._open() as connection:
        row = (
            "(1, '{}', 0, 1.0, NULL, NULL, NULL)" if table == "retrainings" else "(1, 1.0, 0, '{}')"
        )
        connection.execute(f"INSERT INTO {table} VALUES {row}")  # noqa: S608 - one of two names
    (problem,) = standing(folders).problems
    assert f"a {table[:-1]} in the journal has another shape" in problem
