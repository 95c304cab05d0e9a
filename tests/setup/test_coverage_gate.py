"""The coverage gate reads coverage's own report and refuses what is below the bound."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def report(covered_branches: int, covered_lines: int = 100) -> dict[str, object]:
    summary = {
        "num_statements": 100,
        "covered_lines": covered_lines,
        "num_branches": 100,
        "covered_branches": covered_branches,
        "percent_covered": 1.5,
    }
    whole = {**summary, "covered_lines": 100, "covered_branches": 100}
    rooms = {"recommender/a.py": summary, "events/a.py": whole, "monitoring/a.py": whole}
    return {"files": {file: {"summary": one} for file, one in rooms.items()}}


def run_gate(repo: Path, folder: Path, content: object) -> subprocess.CompletedProcess[str]:
    file = folder / "coverage.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return subprocess.run(
        [sys.executable, repo / "tests/setup/coverage_gate.py", file],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("branches", "lines", "code"), [(95, 95, 0), (94, 100, 1), (100, 94, 1), (100, 100, 0)]
)
def test_both_branches_and_statements_are_held(
    repo: Path, tmp_path: Path, branches: int, lines: int, code: int
) -> None:
    result = run_gate(repo, tmp_path, report(branches, lines))
    assert result.returncode == code, result.stderr


def test_the_message_names_room_share_and_bound(repo: Path, tmp_path: Path) -> None:
    result = run_gate(repo, tmp_path, report(90))
    assert result.stderr == (
        "error: recommender: 90.00 % of branches are covered, and the bound is 95 %\n"
    )


def test_a_room_without_any_measurement_fails(repo: Path, tmp_path: Path) -> None:
    assert run_gate(repo, tmp_path, {"files": {}}).returncode == 1
