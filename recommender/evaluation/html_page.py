"""Reports as one HTML file that needs nothing else: no network, no scripts, light or dark.

Every text is escaped here, so that callers hand over plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --quiet: #57606a; --paper: #ffffff;
  --line: #d0d7de; --mark: #eef6f2; --warn: #7a4b00; --shadow: #1b1f2455; --best: #08519c;
  --blue: #0072b2; --orange: #d55e00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9aa4af; --paper: #0d1117;
  --line: #30363d; --mark: #12261e; --warn: #f0c063; --shadow: #e6edf366; --best: #1158a8;
  --blue: #56b4e9; --orange: #f08c3a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; } .about, figcaption { color: var(--quiet); }
.verdict { font-weight: 600; } .warning { color: var(--warn); }
figure { margin: .9rem 0 1.4rem; }
figcaption { margin-bottom: .3rem; }
.wide { overflow-x: auto; background: no-repeat local
  linear-gradient(to right, var(--paper) 40%, transparent) 0 0 / 2.5rem 100%, no-repeat local
  linear-gradient(to left, var(--paper) 40%, transparent) 100% 0 / 2.5rem 100%, no-repeat scroll
  linear-gradient(to right, var(--shadow), transparent) 0 0 / .8rem 100%, no-repeat scroll
  linear-gradient(to left, var(--shadow), transparent) 100% 0 / .8rem 100%; }
.hint { display: none; }
@media (max-width: 60rem) { .many .hint { display: inline; } }
@media (max-width: 26rem) { .charts .hint { display: inline; } }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .55rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
thead th { color: var(--quiet); font-weight: 600; font-size: .9rem; white-space: pre-line; }
tbody th { font-weight: 400; }
tr.marked th, tr.marked td { background: var(--mark); font-weight: 600; }
td small { color: var(--quiet); font-weight: 400; display: block; }
td.text { text-align: left; white-space: normal; min-width: 15rem; }
td.shaded { background: color-mix(in srgb, var(--best) var(--shade), var(--paper)); }
td.deep { color: #ffffff; }
.charts { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
.charts figure { flex: 1 1 30rem; min-width: 0; max-width: 38rem; }
svg { display: block; width: 100%; min-width: 24rem; height: auto; fill: var(--ink); }
"""
#: Columns that fit on a telephone, and characters from which a cell is broken into lines.
_FEW_COLUMNS, _LONG = 2, 40
#: Grounds deeper than this carry white figures.
_DEEP = 0.5
_HINT = '<span class="hint"> Scrolls sideways.</span>'
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
    """Return one paragraph a text; ``kind`` is ``about``, ``verdict`` or ``warning``."""
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
    shades: Sequence[Sequence[float]] | None = None,
) -> str:
    """Return a table in a box of its own, in which it scrolls where the page is narrower.

    A cell's text after a line break is set small below the rest. The first cell of a row names it
    and stays in sight.

    Args:
        headings: One a column.
        rows: Texts of the cells.
        caption: What the table shows.
        marked: The row that stands out, or ``None``.
        shades: From 0 to 1 for each cell but the first of each row: how far its ground goes from
            the paper to the colour of the best; ``None`` for no colours.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in headings)
    lines = (
        _row(row, marked=number == marked, shades=shades[number] if shades else None)
        for number, row in enumerate(rows)
    )
    body = "\n".join(lines)
    many = ' class="many"' if len(headings) > _FEW_COLUMNS else ""
    return (
        f"<figure{many}><figcaption>{escape(caption)}.{_HINT}</figcaption>\n"
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div></figure>"
    )


def charts(drawings: Sequence[tuple[str, str]]) -> str:
    """Return charts side by side where there is room.

    Args:
        drawings: The SVG element of each (`figures.drawing`), and what it shows.
    """
    return f'<div class="charts">{"".join(_chart(*item) for item in drawings)}</div>'


def _chart(svg: str, description: str) -> str:
    label = escape(description)
    named = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return (
        f"<figure><figcaption>{label}.{_HINT}</figcaption>"
        f'<div class="wide" role="region" tabindex="0" aria-label="{label}">{named}</div></figure>'
    )


def _row(row: Sequence[str], *, marked: bool, shades: Sequence[float] | None) -> str:
    name, *others = row
    ground = shades or [0.0] * len(others)
    cells = "".join(map(_cell, others, ground))
    return f'<tr{_MARKED if marked else ""}><th scope="row">{escape(name)}</th>{cells}</tr>'


def _cell(text: str, shade: float) -> str:
    first, _, below = text.partition("\n")
    small = f"<small>{escape(below)}</small>" if below else ""
    return f"<td{_ground(shade) or _kind(first)}>{escape(first)}{small}</td>"


def _ground(shade: float) -> str:
    deep = " deep" if shade > _DEEP else ""
    return f' class="shaded{deep}" style="--shade: {shade:.0%}"' if shade else ""


def _kind(text: str) -> str:
    return ' class="text"' if len(text) > _LONG else ""
