"""The behaviour report as one HTML page that needs no network and follows light or dark."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #57606a; --paper: #ffffff;
  --line: #d0d7de; --passed: #00664a; --failed: #a33a00; --skipped: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9aa4af; --paper: #0d1117;
  --line: #30363d; --passed: #4fc3a1; --failed: #ff9a66; --skipped: #9aa4af; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; } p.about { color: var(--quiet); margin-top: 0; }
section { border-top: 1px solid var(--line); padding: .8rem 0; }
h2 { font-size: 1rem; margin: 0; } p { margin: .3rem 0; }
h2 + p::first-letter { text-transform: uppercase; }
.outcome { font-weight: 600; white-space: nowrap; }
.passed { color: var(--passed); } .failed { color: var(--failed); }
.not-applicable { color: var(--skipped); } .cases { color: var(--quiet); font-size: .9rem; }
ul { margin: .3rem 0 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
"""
_SIGNS = {"passed": "✓", "failed": "✗", "not applicable": "\u2013"}


def render_page(report: Mapping[str, Any], summary: str) -> str:
    """Return a complete HTML document; every text in it is escaped.

    Args:
        report: A behaviour report as plain values, as `BehaviourReport.to_dict` gives it.
        summary: Its counts by outcome.
    """
    heading = f"Behaviour of {escape(report['model'])}"
    sections = "\n".join(_section(result) for result in report["results"])
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p class="about">Data set {escape(report["dataset"])} ({escape(report["dataset_digest"][:12])}),
seed {report["seed"]}. Tests: {escape(summary)}.</p>
{sections}
</main>
</body>
</html>
"""


def _section(result: Mapping[str, Any]) -> str:
    outcome = result["outcome"]
    title = escape(result["name"].replace("_", " ").capitalize())
    badge = f'<span class="outcome {outcome.replace(" ", "-")}">{_SIGNS[outcome]} {outcome}</span>'
    parts = [f"<h2>{title} {badge}</h2>", f"<p>{escape(result['detail'])}</p>"]
    if result["cases"]:
        counts = f"{result['cases']:,} cases, {result['failures']:,} against it"
        parts.append(f'<p class="cases">{counts}</p>')
    if result["examples"]:
        items = "".join(f"<li>{escape(example)}</li>" for example in result["examples"])
        parts.append(f"<ul>{items}</ul>")
    return "\n".join(["<section>", *parts, "</section>"])
