from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.monitoring.dashboards import __main__ as command
from deploy.monitoring.dashboards.__main__ import DASHBOARDS, FOLDER, files, main
from deploy.monitoring.dashboards.panels import Dashboard, Panel, Query, to_grafana


def test_the_files_are_those_of_the_code() -> None:
    assert {file.name for file in FOLDER.glob("*.json")} == {file.name for file in files()}
    for file, text in files().items():
        assert file.read_text(encoding="utf-8") == text, "python -m deploy.monitoring.dashboards"


def test_a_file_that_differs_is_found_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    assert main(["--check"]) == 1
    assert main([]) == main(["--check"]) == 0
    one = tmp_path / "roulette-drift.json"
    one.write_text(one.read_text().replace("psi", "ksi"))
    capsys.readouterr()
    assert main(["--check"]) == 1
    assert capsys.readouterr().out == f"differs: {one}\n"


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda item: item.uid)
def test_every_panel_says_how_to_read_it_and_has_a_place_of_its_own(dashboard: Dashboard) -> None:
    made = json.loads(json.dumps(to_grafana(dashboard)))
    assert all(panel["description"].endswith(".") for panel in made["panels"])
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in made["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["title"] for panel in made["panels"]}) == len(places)


def test_a_threshold_is_a_line_at_its_value() -> None:
    panel = Panel("t", "m.", (Query("up", "{{job}}"),), "s", threshold=3.0, most=9.0)
    (made,) = to_grafana(Dashboard("u", "d", (panel,)))["panels"]
    defaults = made["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"][-1] == {"color": "red", "value": 3.0}
    assert (defaults["max"], defaults["unit"]) == (9.0, "s")
    assert made["targets"][0]["expr"] == "up"
