"""A tuning run as files: one HTML page that needs no network, JSON and charts."""

from __future__ import annotations

import json

from recommender.evaluation import html_page
from recommender.evaluation.figures import drawing
from recommender.tuning.charts import (
    history,
    importance,
    plot_history,
    plot_importance,
    plot_slices,
    slice_of,
)
from recommender.tuning.report import TuningReport

_SLICES = (
    "Complete trials, later ones deeper. Other hyper-parameters differ from point to point, so a "
    "trend counts and a single point does not."
)
_TOO_FEW = "There are too few complete trials to tell which hyper-parameters matter."


def tuning_files(report: TuningReport) -> dict[str, str | bytes]:
    """Return every file of the tuning run by its name."""
    images = {"history.png": plot_history(report), "slices.png": plot_slices(report)}
    if report.importance:
        images["importance.png"] = plot_importance(report)
    return {
        "tuning.html": render_page(report),
        "tuning.json": json.dumps(report.to_dict(), indent=1, sort_keys=True) + "\n",
        **images,
    }


def render_page(report: TuningReport) -> str:
    """Return the tuning run as one HTML document, charts included."""
    simulated = ", whose ratings are simulated" if report.simulated else ""
    about = f"Data set {report.dataset} ({report.dataset_digest[:12]}){simulated}."
    sections = [
        html_page.paragraphs([report.verdict], "verdict"),
        html_page.paragraphs(report.protocol),
        html_page.paragraphs(report.notes, "warning"),
        html_page.charts(_overview(report)),
        *([] if report.importance else [html_page.paragraphs([_TOO_FEW])]),
        html_page.heading("The objective against each hyper-parameter"),
        html_page.paragraphs([_SLICES]),
        html_page.charts(
            [(drawing(slice_of(report, name)), name) for name in report.present.values]
        ),
        html_page.heading("Trials"),
        html_page.table(
            report.headings,
            report.rows,
            caption="Trial 0 is the present configuration; the best one stands out",
            marked=report.best.number,
        ),
    ]
    return html_page.page(f"Tuning of {report.model} for {report.objective}", about, sections)


def _overview(report: TuningReport) -> list[tuple[str, str]]:
    charts = [(drawing(history(report)), "The objective of each trial, and the best so far")]
    if report.importance:
        text = "How much of the objective's variance each hyper-parameter explains"
        charts.append((drawing(importance(report)), text))
    return charts
