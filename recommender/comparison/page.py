"""The comparison as files: one HTML page that needs no network, Markdown, JSON and charts."""

from __future__ import annotations

import json
from typing import TypeAlias

from recommender.comparison import table
from recommender.comparison.charts import plot_accuracy_against_time, plot_accuracy_by_slice
from recommender.comparison.report import Comparison
from recommender.evaluation import html_page

#: Images and what they show, by the name of their file.
Charts: TypeAlias = dict[str, tuple[bytes, str]]

_DIFFERENCES = (
    "Paired differences on the test ratings; an interval that excludes 0 is a difference that "
    "another draw of users would probably show too"
)


def comparison_files(comparison: Comparison) -> dict[str, str | bytes]:
    """Return every file of the comparison by its name."""
    charts = _charts(comparison)
    tree = json.dumps(comparison.to_dict(), indent=1, sort_keys=True) + "\n"
    return {
        "comparison.html": render_page(comparison, charts),
        "comparison.md": table.markdown(comparison),
        "comparison.json": tree,
        **{name: image for name, (image, _) in charts.items()},
    }


def render_page(comparison: Comparison, charts: Charts) -> str:
    """Return the comparison as one HTML document, charts included."""
    simulated = ", whose ratings are simulated" if comparison.simulated else ""
    about = f"Data set {comparison.dataset} ({comparison.dataset_digest[:12]}){simulated}."
    sections = [
        html_page.paragraphs(comparison.notes, "warning"),
        html_page.table(
            table.headings(),
            table.rows(comparison, intervals=True),
            caption="Metrics on the test ratings, and costs of the configuration chosen",
            marked=_reference_row(comparison),
        ),
        *(html_page.figure(image, text) for image, text in charts.values()),
        *_difference_section(comparison),
        html_page.heading("What was tried"),
        html_page.table(
            table.configuration_headings(),
            table.configuration_rows(comparison),
            caption="Objectives on the validation ratings",
        ),
        html_page.heading("How the figures came about"),
        html_page.paragraphs(comparison.protocol),
    ]
    return html_page.page(f"Models compared on {comparison.dataset}", about, sections)


def _charts(comparison: Comparison) -> Charts:
    return {
        "accuracy_against_time.png": (
            plot_accuracy_against_time(comparison),
            "Accuracy against the time of one fit; lines are intervals over users",
        ),
        "rmse_by_slice.png": (
            plot_accuracy_by_slice(comparison, "rmse"),
            "RMSE of each model in each slice of the test ratings",
        ),
        "ndcg_by_slice.png": (
            plot_accuracy_by_slice(comparison, "ndcg_at_10"),
            "NDCG@10 of each model in each slice of the test ratings",
        ),
    }


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
