"""The comparison as files: one HTML page that needs no network, Markdown, JSON and charts."""

from __future__ import annotations

import json

import numpy as np

from recommender.comparison import table
from recommender.comparison.charts import (
    METRICS,
    accuracy_against_time,
    plot_accuracy_against_time,
    plot_accuracy_by_slice,
    slice_shades,
    slice_values,
)
from recommender.comparison.report import Comparison
from recommender.evaluation import html_page
from recommender.evaluation.figures import LABELS, drawing

_DIFFERENCES = (
    "Paired differences on the test ratings; where the interval excludes 0, another draw of users "
    "would probably show a difference too"
)


def comparison_files(comparison: Comparison) -> dict[str, str | bytes]:
    """Return every file of the comparison by its name."""
    tree = json.dumps(comparison.to_dict(), indent=1, sort_keys=True) + "\n"
    return {
        "comparison.html": render_page(comparison),
        "comparison.md": table.markdown(comparison),
        "comparison.json": tree,
        "accuracy_against_time.png": plot_accuracy_against_time(comparison),
        "rmse_by_slice.png": plot_accuracy_by_slice(comparison, "rmse"),
        "ndcg_by_slice.png": plot_accuracy_by_slice(comparison, "ndcg_at_10"),
    }


def render_page(comparison: Comparison) -> str:
    """Return the comparison as one HTML document, charts included."""
    simulated = ", whose ratings are simulated" if comparison.simulated else ""
    about = f"Data set {comparison.dataset} ({comparison.dataset_digest[:12]}){simulated}."
    sections = [
        html_page.paragraphs([comparison.verdict], "verdict"),
        html_page.paragraphs(comparison.notes, "warning"),
        html_page.table(
            table.headings(),
            table.rows(comparison, intervals=True),
            caption="Metrics on the test ratings, and costs of the configuration chosen",
            marked=_reference_row(comparison),
        ),
        html_page.heading("Accuracy against time"),
        html_page.charts([_against_time(comparison, metric) for metric in METRICS]),
        html_page.heading("Accuracy by slice of the test ratings"),
        *(_slices(comparison, metric) for metric in METRICS),
        *_difference_section(comparison),
        html_page.heading("What was tried"),
        html_page.table(
            table.configuration_headings(),
            table.configuration_rows(comparison),
            caption="Budget of each model, and its objective on the validation ratings",
        ),
        html_page.heading("How the figures came about"),
        html_page.paragraphs(comparison.protocol),
    ]
    return html_page.page(f"Models compared on {comparison.dataset}", about, sections)


def _against_time(comparison: Comparison, metric: str) -> tuple[str, str]:
    svg = drawing(accuracy_against_time(comparison, [metric]))
    return svg, f"{LABELS[metric]} against the time of one fit; lines are intervals over users"


def _slices(comparison: Comparison, metric: str) -> str:
    names, values = slice_values(comparison, metric)
    texts = [["" if np.isnan(value) else f"{value:.3f}" for value in row] for row in values]
    return html_page.table(
        ["model", *names],
        [[model.name, *row] for model, row in zip(comparison.models, texts, strict=True)],
        caption=f"{LABELS[metric]}; a deeper ground is better within a column",
        marked=_reference_row(comparison),
        shades=slice_shades(values, metric).tolist(),
    )


def _reference_row(comparison: Comparison) -> int | None:
    names = [model.name for model in comparison.models]
    return names.index(comparison.reference) if comparison.reference in names else None


def _difference_section(comparison: Comparison) -> list[str]:
    rows = table.difference_rows(comparison)
    if not rows:
        return []
    heads = table.difference_headings(comparison.reference)
    return [
        html_page.heading(f"Against {comparison.reference}"),
        html_page.table(heads, rows, caption=_DIFFERENCES),
    ]
