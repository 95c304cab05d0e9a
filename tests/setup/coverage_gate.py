"""Holds the coverage of single rooms: ``python tests/setup/coverage_gate.py REPORT``.

``REPORT`` is what ``coverage json`` wrote. Prints statements and branches of every room, and exits
with 1 where one with a bound is below it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Least share of statements, and of branches, that the tests must reach, in percent.
BOUNDS = {"recommender": 95.0, "events": 95.0, "monitoring": 95.0}


def rooms(report: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the covered share of statements and of branches in each room, in percent.

    >>> one = {"num_statements": 4, "covered_lines": 3, "num_branches": 2, "covered_branches": 1}
    >>> rooms({"files": {"recommender/x.py": {"summary": one}}})
    {'recommender': (75.0, 50.0)}
    """
    totals: dict[str, Counter[str]] = {}
    for file, entry in report["files"].items():
        totals.setdefault(Path(file).parts[0], Counter()).update(
            {key: value for key, value in entry["summary"].items() if isinstance(value, int)}
        )
    return {
        room: (
            _percent(total["covered_lines"], total["num_statements"]),
            _percent(total["covered_branches"], total["num_branches"]),
        )
        for room, total in sorted(totals.items())
    }


def shortfalls(shares: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return one sentence for each bound that is not reached; a room without tests fails too."""
    return [
        f"{room}: {share:.2f} % of {what} are covered, and the bound is {bound:.0f} %"
        for room, bound in BOUNDS.items()
        for what, share in zip(
            ("statements", "branches"), shares.get(room, (0.0, 0.0)), strict=True
        )
        if share < bound
    ]


def _percent(covered: int, count: int) -> float:
    return 100.0 * covered / count if count else 100.0


def main(arguments: list[str]) -> int:
    """Print the table and return the exit code."""
    shares = rooms(json.loads(Path(arguments[0]).read_text(encoding="utf-8")))
    for room, (statements, branches) in shares.items():
        sys.stdout.write(f"{room:14} statements {statements:6.2f} %  branches {branches:6.2f} %\n")
    problems = shortfalls(shares)
    sys.stderr.writelines(f"error: {problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
