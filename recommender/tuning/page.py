"""A tuning run as files: one HTML page that needs no network, JSON and charts."""

from __future__ import annotations

import json
from typing import TypeAlias

from recommender.evaluation import html_page
from recommender.tuning.charts import plot_history, plot_importance, plot_slices
from recommender.tuning.report import TuningReport

#: Images and what they show, by the name of their file.
Charts: TypeAlias = dict[str, tuple[bytes, str]]

_TOO_FEW = "There are too few complete trials to tell which hyper-parameters matter."


def tuning_files(report: TuningReport) -> dict[str, str | bytes]:
    """Return every file of the tuning run by its name."""
    charts = _charts(report)
    return {
        "tuning.html": render_page(report, charts),
        "tuning.json": json.dumps(report.to_dict(), indent=1, sort_keys=True) + "\n",
        **{name: image for name, (image, _) in charts.items()},
    }


def render_page(report: TuningReport, charts: Charts) -> str:
    """Return the tuning run as one HTML document, charts included."""
    simulated = ", whose ratings are simulated" if report.simulated else ""
    about = f"Data set {report.dataset} ({report.dataset_digest[:12]}){simulated}."
    sections = [
        html_page.paragraphs([report.verdict, *report.protocol]),
        *(html_page.figure(image, text) for image, text in charts.values()),
        *([] if report.importance else [html_page.paragraphs([_TOO_FEW])]),
        html_page.heading("Trials"),
        html_page.table(
            report.headings,
            report.rows,
            caption="Trial 0 is the present configuration; the best one stands out",
            marked=report.best.number,
        ),
        html_page.paragraphs(report.notes, "warning"),
    ]
    return html_page.page(f"Tuning of {report.model} for {report.objective}", about, sections)


def _charts(report: TuningReport) -> Charts:
    charts = {
        "history.png": (plot_history(report), "The objective of each trial, and the best so far"),
        "slices.png": (plot_slices(report), "The objective against each hyper-parameter"),
    }
    if report.importance:
        text = "How much of the objective's variance each hyper-parameter explains"
        charts["importance.png"] = (plot_importance(report), text)
    return charts
