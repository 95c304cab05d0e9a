from __future__ import annotations

import json

import pytest

from benchmarks.model_loading import main


def test_the_figures_of_a_small_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--movies", "200", "--users", "100"]) == 0
    report = json.loads(capsys.readouterr().out)
    figures = report["figures"]
    assert figures["rollback_under_load_ms"] > 0.0
    assert set(figures["stages_ms"]) == {
        "open_by_marks",
        "full_check",
        "open_and_map",
        "warm",
        "probe",
    }
    memory = figures["private_mb"]
    assert memory["without_model"] <= memory["both_after_answers"]
    assert [check["name"] for check in report["checks"]] == [
        "start_ms",
        "rollback_under_load_ms",
        "private_memory_mb",
    ]
