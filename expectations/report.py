"""The validation report as one HTML file that needs nothing else: no network, no scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2

from expectations.results import Check, ValidationReport
from recommender.schema import CleaningReport

_FOLDER = Path(__file__).parent
_STATES = {"met": "met", "critical": "failed", "warning": "warning"}


def render_report(report: ValidationReport) -> str:
    """Return the report as one HTML page; whatever stands in the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"arguments": _arguments, "state": _state, "count": _count}
    template = environment.get_template("report.html.j2")
    return template.render(
        report=report, verdict=_verdict(report), cleaning=_cleaning(report.cleaning)
    )


def write_report(report: ValidationReport, file: Path) -> Path:
    """Write the HTML page to ``file``, with the folders above it, and return ``file``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(render_report(report), encoding="utf-8")
    return file


def _verdict(report: ValidationReport) -> dict[str, str]:
    """Return the outcome as a state, a headline and a sentence."""
    n_failed, n_warned = len(report.failures), len(report.warnings)
    met = f"{report.n_checks - n_failed - n_warned} of {report.n_checks} expectations met"
    warned = f"{n_warned} {'warning' if n_warned == 1 else 'warnings'}"
    if n_failed:
        line = f"{met}, {n_failed} critical not met, {warned}. The data must not be used."
        return {"state": "failed", "headline": "Rejected", "line": line}
    if n_warned:
        line = f"{met}, {warned}. The data may be used."
        return {"state": "warning", "headline": "Passed with warnings", "line": line}
    return {"state": "met", "headline": "Passed", "line": f"{met}. The data may be used."}


def _cleaning(cleaning: CleaningReport | None) -> dict[str, Any] | None:
    """Return what was removed: ratings by reason, the most first, then rows of other files."""
    if cleaning is None:
        return None
    ordered = sorted(cleaning.removed.items(), key=lambda item: (-item[1], item[0]))
    reasons = [
        {
            "reason": reason,
            "rows": _count(rows),
            "share": f"{rows / max(cleaning.rows_read, 1):.2%}",
            "examples": cleaning.examples.get(reason, []),
        }
        for reason, rows in ordered
    ]
    elsewhere = [
        {
            "reason": f"{removed.file}: {removed.reason}",
            "rows": _count(removed.rows),
            "share": None,
            "examples": removed.examples,
        }
        for removed in cleaning.elsewhere
    ]
    return {
        "read": cleaning.rows_read,
        "kept": cleaning.rows_kept,
        "reasons": [*reasons, *elsewhere],
    }


def _state(check: Check) -> str:
    return _STATES["met" if check.success else check.severity]


def _arguments(check: Check) -> str:
    """Return the expectation as it would be called, with its filled-in arguments."""
    listed = [f"{name}={json.dumps(value)}" for name, value in check.arguments.items()]
    return f"{check.expectation}({', '.join(listed)})"


def _count(number: int) -> str:
    return f"{number:,}"
