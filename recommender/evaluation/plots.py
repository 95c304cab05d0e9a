"""Figures of evaluation reports as PNG or SVG bytes, drawn without a display or global state.

Colours are those of `figures`; nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from recommender.evaluation.figures import (
    BLUE,
    DPI,
    GREY,
    LABELS,
    ORANGE,
    ImageFormat,
    new_figure,
    render,
    tidy,
)
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.evaluation.report import EvaluationReport
from recommender.evaluation.slices import SliceRow


def plot_error_histogram(report: EvaluationReport, image_format: ImageFormat = "png") -> bytes:
    """Draw how often the estimate is off by how much."""
    edges, counts = np.array(report.errors.edges), np.array(report.errors.counts)
    figure, axes = new_figure(7.0, 4.0)
    axes.bar(edges[:-1], counts, width=np.diff(edges), align="edge", color=BLUE, edgecolor="white")
    axes.axvline(0.0, color="black", linewidth=1.0)
    mean = report.metrics["mean_error"]
    axes.axvline(mean, color=ORANGE, linewidth=1.5, linestyle="--", label=f"mean {mean:+.3f}")
    axes.set_xlabel("Estimate minus rating (stars)")
    axes.set_ylabel("Ratings")
    axes.set_title(
        f"Rating errors of {_subject(report)}\n"
        f"RMSE {report.metrics['rmse']:.3f}, MAE {report.metrics['mae']:.3f}, "
        f"{report.counts['ratings']:,} ratings"
    )
    axes.legend(frameon=False)
    return render(figure, image_format)


def plot_calibration(report: EvaluationReport, image_format: ImageFormat = "png") -> bytes:
    """Draw the mean rating against the mean estimate, and how many ratings each point stands on."""
    bins = report.calibration
    figure = Figure(figsize=(6.0, 6.4), dpi=DPI, layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    tidy(axes)
    tidy(below)
    low, high = bins[0].low, bins[-1].high
    low = min(low, *(item.mean_actual for item in bins))
    high = max(high, *(item.mean_actual for item in bins))
    axes.plot([low, high], [low, high], color=GREY, linestyle="--", label="perfect calibration")
    predicted = [item.mean_predicted for item in bins]
    axes.plot(predicted, [item.mean_actual for item in bins], "o-", color=BLUE, label=report.model)
    axes.set_ylabel("Mean rating (stars)")
    axes.set_title(f"Calibration of {_subject(report)}")
    axes.legend(frameon=False)
    widths = [item.high - item.low for item in bins]
    below.bar(
        [item.low for item in bins],
        [item.n_ratings for item in bins],
        width=widths,
        align="edge",
        color=BLUE,
        edgecolor="white",
    )
    below.set_xlabel("Estimate (stars)")
    below.set_ylabel("Ratings")
    return render(figure, image_format)


def plot_slices(
    report: EvaluationReport, metric: str = "ndcg_at_10", image_format: ImageFormat = "png"
) -> bytes:
    """Draw one metric by slice with its interval, the overall value as a line, and the counts.

    Args:
        report: The report.
        metric: ``rmse``, ``mae`` or a ranking metric at 10.
        image_format: ``png`` or ``svg``.
    """
    rows = [row for row in report.slices if metric in row.metrics][::-1]
    figure, axes = new_figure(7.5, 1.6 + 0.42 * len(rows))
    for height, row in enumerate(rows):
        _draw_slice(axes, row, metric, height)
    overall = report.metrics[metric]
    axes.axvline(overall, color=ORANGE, linestyle="--", label=f"overall {overall:.3f}")
    axes.set_yticks(range(len(rows)), [_slice_label(row, metric) for row in rows])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel(LABELS.get(metric, metric))
    level = f"{report.settings.confidence:.0%}"
    key = f"bars: {level} intervals over users"
    if any(metric not in row.intervals for row in rows):
        key += "; hollow: too few users for one"
    axes.set_title(f"{_subject(report)}, by slice\n{key}")
    axes.legend(frameon=False, loc="best")
    return render(figure, image_format)


def plot_evaluation(evaluation: ModelEvaluation) -> dict[str, bytes]:
    """Return every plot of a model's evaluation as a PNG, by file name."""
    test = evaluation.test
    return {
        "rating_errors.png": plot_error_histogram(test),
        "calibration.png": plot_calibration(test),
        "rmse_by_slice.png": plot_slices(test, "rmse"),
        "ndcg_by_slice.png": plot_slices(test, "ndcg_at_10"),
        "models.png": plot_models(evaluation.compared),
    }


def plot_models(
    reports: Sequence[EvaluationReport],
    metrics: Sequence[str] = ("ndcg_at_10", "recall_at_10", "coverage", "rmse"),
    image_format: ImageFormat = "png",
) -> bytes:
    """Draw several models side by side, one panel a metric.

    Args:
        reports: One a model, in the order drawn; the first stands out.
        metrics: Keys of `EvaluationReport.metrics`.
        image_format: ``png`` or ``svg``.
    """
    height = 1.4 + 0.42 * len(reports)
    figure = Figure(figsize=(3.4 * len(metrics) + 1.0, height), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        tidy(axes)
        _draw_models(axes, reports, metric)
    panels[0].set_yticks(range(len(reports)), [report.model for report in reports])
    panels[0].invert_yaxis()
    first = reports[0]
    figure.suptitle(
        f"Models on the {first.part} ratings of {first.dataset} "
        f"({first.counts['users_ranked']:,} users ranked)"
    )
    return render(figure, image_format)


def _draw_models(axes: Any, reports: Sequence[EvaluationReport], metric: str) -> None:
    for height, report in enumerate(reports):
        value = report.metrics[metric]
        low, high = report.intervals.get(metric, (value, value))
        axes.barh(height, value, color=BLUE if height == 0 else GREY)
        if metric in report.intervals:
            axes.plot([low, high], [height, height], "|-", color="black", linewidth=1.2)
        axes.annotate(
            f"{value:.3f}",
            (max(high, value), height),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.margins(x=0.22)
    axes.set_xlim(left=0.0)
    axes.set_xlabel(LABELS.get(metric, metric).replace(" (", "\n(", 1))


def _draw_slice(axes: Any, row: SliceRow, metric: str, height: int) -> None:
    value = row.metrics[metric]
    if metric in row.intervals:
        low, high = row.intervals[metric]
        axes.plot([low, high], [height, height], color=BLUE, linewidth=2.5, alpha=0.6)
    # Hollow where there are too few users for an interval.
    face = BLUE if metric in row.intervals else "white"
    axes.plot(value, height, "o", color=BLUE, markerfacecolor=face)


def _slice_label(row: SliceRow, metric: str) -> str:
    ranking = "_at_" in metric
    count, noun = (row.n_ranked, "user") if ranking else (row.n_ratings, "rating")
    return f"{row.group}: {row.name} ({count:,} {noun}{'' if count == 1 else 's'})"


def _subject(report: EvaluationReport) -> str:
    return f"{report.model} on the {report.part} ratings of {report.dataset}"
