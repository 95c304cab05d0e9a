"""The report of a round as one page that needs nothing else, for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from monitoring.drift import Distribution
from monitoring.report import DriftReport
from monitoring.settings import DecisionSettings
from monitoring.windows import Measured, Window
from recommender.evaluation import html_page
from recommender.evaluation.figures import BLUE, GREY, drawing, new_figure
from recommender.reference import column

#: Windows in the table of their course, and columns whose distributions are drawn.
_MOST_WINDOWS, _MOST_CHARTS = 12, 8
_PSI = "Population stability index by window; from {enter:g} a window counts as drifted"
_COLUMN_HEADS = ("column", "values", "PSI", "Hellinger", "Jensen-Shannon", "KS", "watched", "what")


def drift_page(report: DriftReport, settings: DecisionSettings) -> str:
    """Return the report as HTML.

    Args:
        report: What a round found.
        settings: Thresholds, and which columns are watched.
    """
    model = f"version {report.version} ({report.model[:12]})"
    about = f"Live traffic of {model} against what it was trained on, {_time(report.made_at)}."
    sections = [
        html_page.paragraphs([verdict(report, settings)], "verdict"),
        html_page.paragraphs(report.alerts, "warning"),
        html_page.paragraphs(report.notes),
        *_columns(report, settings),
        *_performance(report),
        *_lists(report),
    ]
    return html_page.page("Drift of live traffic", about, sections)


def drift_files(report: DriftReport, settings: DecisionSettings) -> dict[str, str]:
    """Return the page and the same as JSON, by path."""
    plain = json.dumps(report.to_dict(), indent=1, sort_keys=True, allow_nan=False) + "\n"
    return {"drift/drift.html": drift_page(report, settings), "drift/drift.json": plain}


def verdict(report: DriftReport, settings: DecisionSettings) -> str:
    """Return in a sentence what the latest window shows."""
    if not report.windows:
        return "There is nothing to compare yet."
    latest = report.windows[-1]
    beyond = [name for name in settings.watched if _is_beyond(latest, name, settings)]
    when = f"In the window from {_time(latest.start)}"
    if not beyond:
        return f"{when} no watched column is beyond its threshold."
    return f"{when} beyond the threshold: {', '.join(beyond)}."


def _is_beyond(window: Window, name: str, settings: DecisionSettings) -> bool:
    found = window.columns.get(name)
    if found is None or found.samples < settings.min_samples:
        return False
    return found.distances.psi >= settings.enter_psi


def _columns(report: DriftReport, settings: DecisionSettings) -> list[str]:
    if not report.windows or not report.windows[-1].columns:
        return []
    latest = report.windows[-1]
    ordered = sorted(latest.columns, key=lambda name: -latest.columns[name].distances.psi)
    rows = []
    for name in ordered:
        found = latest.columns[name]
        few = " (too few)" if found.samples < settings.min_samples else ""
        distances = found.distances
        figures = (distances.psi, distances.hellinger, distances.jensen_shannon, distances.ks)
        watched = "yes" if name in settings.watched else "no"
        texts = [f"{value:.3f}" for value in figures]
        samples = f"{found.samples:,}{few}"
        rows.append([name, samples, *texts, watched, column(name).meaning])
    return [
        html_page.heading("Columns"),
        html_page.table(_COLUMN_HEADS, rows, caption="Distances in the latest window"),
        _course(report.windows[-_MOST_WINDOWS:], ordered, settings),
        html_page.heading("Then and now"),
        html_page.charts(
            [
                (_chart(report.distributions[name]), f"{name}: {column(name).meaning}")
                for name in ordered[:_MOST_CHARTS]
                if name in report.distributions
            ]
        ),
    ]


def _course(windows: Sequence[Window], names: Sequence[str], settings: DecisionSettings) -> str:
    values = [
        [
            window.columns[name].distances.psi if name in window.columns else np.nan
            for window in windows
        ]
        for name in names
    ]
    rows = [
        [name, *("" if np.isnan(psi) else f"{psi:.3f}" for psi in row)]
        for name, row in zip(names, values, strict=True)
    ]
    # The deepest ground is twice the threshold.
    shades = np.clip(np.nan_to_num(values) / (2.0 * max(settings.enter_psi, 1e-9)), 0.0, 1.0)
    heads = ["column", *(_time(window.start, "%d %b\n%H:%M") for window in windows)]
    caption = _PSI.format(enter=settings.enter_psi)
    return html_page.table(heads, rows, caption=caption, shades=shades.tolist())


def _chart(found: Distribution) -> str:
    figure, axes = new_figure(5.2, 0.7 + 0.3 * len(found.labels))
    places = np.arange(len(found.labels))
    # An outline and a filled bar, so that the two are told apart without colour.
    axes.barh(places - 0.2, found.reference, 0.36, color="#FFFFFF", edgecolor=GREY, label="then")
    axes.barh(places + 0.2, found.live, 0.36, color=BLUE, label="now")
    axes.set_yticks(places, found.labels, fontsize=8)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=8)
    return drawing(figure)


def _performance(report: DriftReport) -> list[str]:
    if not report.versions:
        return []
    names = sorted({name for item in report.versions for name in item.metrics})
    rows = [
        [f"version {item.version}", f"{item.lists:,}", *(_cell(item.metrics.get(n)) for n in names)]
        for item in report.versions
    ]
    joined = "unknown" if report.join_rate is None else f"{report.join_rate:.1%}"
    delay = "unknown" if report.delay_seconds is None else f"{report.delay_seconds:,.0f} s"
    return [
        html_page.heading("Performance by what users did afterwards"),
        html_page.table(
            ["model", "lists", *names],
            rows,
            caption="Over all windows of the report, with standard error and samples",
        ),
        html_page.paragraphs(
            [f"Labels whose list is known: {joined}; median time from list to label: {delay}."]
        ),
    ]


def _lists(report: DriftReport) -> list[str]:
    rows = [
        [
            _time(window.start),
            f"{found.lists:,}",
            f"{found.coverage:.1%}",
            f"{found.popularity_lift:.2f}",
            f"{found.cold_users:.1%}",
        ]
        for window, found in zip(report.windows, report.reach, strict=True)
        if found is not None
    ]
    heads = ("window", "lists", "coverage", "popularity lift", "cold users")
    sections = []
    if rows:
        sections.append(html_page.table(heads, rows, caption="What was shown, and to whom"))
    change = report.list_change
    if change is not None:
        text = (
            f"Lists of {change.users:,} fixed users against the model before: {change.overlap:.1%} "
            f"of the movies are the same, rank correlation {change.rank_correlation:.2f}."
        )
        sections.append(html_page.paragraphs([text]))
    return [html_page.heading("Lists"), *sections] if sections else []


def _cell(measured: Measured | None) -> str:
    if measured is None:
        return ""
    return f"{measured.value:.4f}\n± {measured.sigma:.4f}, {measured.samples:,}"


def _time(seconds: float, form: str = "%Y-%m-%d %H:%M UTC") -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def headline_values(report: DriftReport) -> dict[str, float]:
    """Return the figures of the latest window by key, for a tracking server."""
    if not report.windows:
        return {}
    latest = report.windows[-1]
    found: dict[str, Any] = {
        f"psi_{name}": item.distances.psi for name, item in latest.columns.items()
    }
    found |= {f"live_{name}": item.value for name, item in latest.performance.items()}
    return {name: float(value) for name, value in found.items()}
