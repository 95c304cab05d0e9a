"""Charts of a tuning run: how the trials went, what matters, and where the best values lie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

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
from recommender.models.scorers import find_scorer
from recommender.tuning.objective import is_better
from recommender.tuning.report import TrialRecord, TuningReport

_COLUMNS = 3


def plot_history(report: TuningReport, image_format: ImageFormat = "png") -> bytes:
    """Draw the objective of each trial and the best so far; crosses were pruned."""
    return render(history(report), image_format)


def history(report: TuningReport) -> Any:
    """Return the figure of `plot_history`."""
    figure, axes = new_figure(7.0, 4.2)
    complete = [trial for trial in report.trials if trial.score is not None]
    axes.plot(*_points(complete), "o", color=GREY, label="complete")
    pruned = [trial.number for trial in report.trials if trial.state == "pruned"]
    if pruned:
        # At the lower edge: what they reached is over fewer cuts and cannot be compared.
        edge = axes.get_xaxis_transform()
        axes.plot(pruned, [0.02] * len(pruned), "x", color=GREY, transform=edge, label="pruned")
    axes.step(*_best_so_far(report, complete), where="post", color=BLUE, label="best so far")
    if report.present.score is not None:
        axes.axhline(report.present.score, color=ORANGE, linestyle="--", label="present")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("Trial")
    axes.set_ylabel(LABELS[report.objective])
    # Above the panel, where no trial can be.
    axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=9)
    return figure


def plot_importance(report: TuningReport, image_format: ImageFormat = "png") -> bytes:
    """Draw the share of the objective's variance that each hyper-parameter explains."""
    return render(importance(report), image_format)


def importance(report: TuningReport) -> Any:
    """Return the figure of `plot_importance`."""
    names = sorted(report.importance, key=lambda name: report.importance[name])
    figure, axes = new_figure(7.0, 1.6 + 0.42 * len(names))
    for height, name in enumerate(names):
        share = report.importance[name]
        axes.barh(height, share, color=BLUE)
        axes.annotate(
            f"{share:.2f}", (share, height), xytext=(4, 0), textcoords="offset points", va="center"
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(0.0, 1.1)
    axes.set_xlabel("Share of the objective's variance (functional ANOVA)")
    return figure


def plot_slices(report: TuningReport, image_format: ImageFormat = "png") -> bytes:
    """Draw the objective against each hyper-parameter, one panel each, later trials deeper."""
    names = list(report.present.values)
    rows = math.ceil(len(names) / _COLUMNS)
    columns = min(len(names), _COLUMNS)
    figure = Figure(figsize=(4.2 * columns, 3.2 * rows + 0.6), dpi=DPI, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(panels, names, strict=False):
        _draw_slice(axes, report, name)
    figure.suptitle("Later trials are deeper", fontsize=10)
    return render(figure, image_format)


def slice_of(report: TuningReport, name: str) -> Any:
    """Return the figure of the objective against one hyper-parameter, for a page."""
    figure, axes = new_figure(4.6, 3.6)
    _draw_slice(axes, report, name)
    return figure


def _draw_slice(axes: Any, report: TuningReport, name: str) -> None:
    tidy(axes)
    complete = [trial for trial in report.trials if trial.score is not None]
    values = [trial.values[name] for trial in complete]
    numbers = [trial.number for trial in complete]
    depth = np.interp(numbers, (0, max(numbers, default=0) or 1), (0.25, 1.0))
    axes.scatter(values, [trial.score for trial in complete], color=BLUE, alpha=depth, linewidths=0)
    for trial, colour, label in ((report.best, ORANGE, "best"), (report.present, GREY, "present")):
        if trial.score is not None:
            axes.plot(trial.values[name], trial.score, "D", color=colour, mfc="none", label=label)
    if find_scorer(report.model).spaces[report.objective][name].log and min(values) > 0:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("{x:g}")
        axes.tick_params(axis="x", which="both", labelsize=7)
    axes.set_xlabel(name)
    axes.set_ylabel(LABELS[report.objective].partition(" (")[0])
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=8)


def _points(trials: list[TrialRecord]) -> tuple[list[int], list[float | None]]:
    return [trial.number for trial in trials], [trial.score for trial in trials]


def _best_so_far(
    report: TuningReport, complete: list[TrialRecord]
) -> tuple[list[int], list[float]]:
    numbers: list[int] = []
    best: list[float] = []
    for trial in complete:
        if trial.score is None:
            continue
        better = not best or is_better(report.objective, trial.score, best[-1])
        numbers.append(trial.number)
        best.append(trial.score if better else best[-1])
    return numbers, best
