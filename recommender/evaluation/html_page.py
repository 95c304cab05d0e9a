"""Reports as one HTML file that needs nothing else: no network, no scripts, light or dark.

Every text is escaped here, so that callers hand over plain text.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #57606a; --paper: #ffffff;
  --line: #d0d7de; --mark: #eef6f2; --warn: #7a4b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9aa4af; --paper: #0d1117;
  --line: #30363d; --mark: #12261e; --warn: #f0c063; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
p { margin: .3rem 0; } .about { color: var(--quiet); } .warning { color: var(--warn); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding-bottom: .4rem; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--quiet); font-weight: 600; font-size: .9rem; }
tr.marked td { background: var(--mark); font-weight: 600; }
td small { color: var(--quiet); font-weight: 400; display: block; }
figure { margin: .6rem 0 1.4rem; } figure img { max-width: 100%; background: #ffffff; }
figcaption { color: var(--quiet); }
"""
_MARKED = ' class="marked"'


def page(title: str, about: str, sections: Sequence[str]) -> str:
    """Return a complete HTML document.

    Args:
        title: Heading of the page.
        about: One line below it.
        sections: HTML made by the functions of this module.
    """
    body = "\n".join(sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p class="about">{escape(about)}</p>
{body}
</main>
</body>
</html>
"""


def paragraphs(texts: Sequence[str], kind: str = "about") -> str:
    """Return one paragraph a text; ``kind`` is ``about`` or ``warning``."""
    return "\n".join(f'<p class="{kind}">{escape(text)}</p>' for text in texts)


def heading(text: str) -> str:
    """Return a heading within the page."""
    return f"<h2>{escape(text)}</h2>"


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    marked: int | None = None,
) -> str:
    """Return a table; a cell's text after a line break is set small below the rest.

    Args:
        headings: One a column.
        rows: Texts of the cells.
        caption: What the table shows.
        marked: The row that stands out, or ``None``.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in headings)
    body = "\n".join(
        f"<tr{_MARKED if number == marked else ''}>{''.join(map(_cell, row))}</tr>"
        for number, row in enumerate(rows)
    )
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def figure(png: bytes, description: str) -> str:
    """Return an image that is part of the page, with its description."""
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img alt="{escape(description)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(description)}</figcaption></figure>"
    )


def _cell(text: str) -> str:
    first, _, below = text.partition("\n")
    small = f"<small>{escape(below)}</small>" if below else ""
    return f"<td>{escape(first)}{small}</td>"
