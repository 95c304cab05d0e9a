"""Charts of a comparison: accuracy against time, and accuracy by slice."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from recommender.comparison.report import ComparedModel, Comparison
from recommender.evaluation.figures import BLUE, DPI, GREY, LABELS, ImageFormat, render, tidy

_METRICS = ("rmse", "ndcg_at_10")
#: Cells darker than this carry white figures.
_DARK = 0.6


def plot_accuracy_against_time(comparison: Comparison, image_format: ImageFormat = "png") -> bytes:
    """Draw RMSE and NDCG@10 with their intervals against the seconds of one fit."""
    figure = Figure(figsize=(12.0, 5.0), dpi=DPI, layout="constrained")
    for axes, metric in zip(figure.subplots(1, 2), _METRICS, strict=True):
        tidy(axes)
        for number, model in enumerate(comparison.models):
            # By turns above and below, so that neighbours in the table do not cover each other.
            above = number % 2 == 0
            _draw_point(axes, model, metric, reference=comparison.reference, above=above)
        axes.set_xscale("log")
        axes.margins(x=0.18)
        axes.set_xlabel("Seconds to fit (logarithmic)")
        axes.set_ylabel(LABELS[metric])
    figure.suptitle(f"Accuracy against time, test ratings of {_subject(comparison)}", fontsize=10)
    return render(figure, image_format)


def plot_accuracy_by_slice(
    comparison: Comparison, metric: str = "ndcg_at_10", image_format: ImageFormat = "png"
) -> bytes:
    """Draw one metric of every model in every slice, darker where it is better in that slice.

    Args:
        comparison: The comparison.
        metric: ``rmse``, ``mae`` or a ranking metric at 10.
        image_format: ``png`` or ``svg``.
    """
    names, values = slice_values(comparison, metric)
    shades = _shades(values, higher_is_better=metric not in ("rmse", "mae"))
    size = (2.4 + 1.15 * len(names), 1.8 + 0.42 * len(comparison.models))
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shades, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = "white" if shades[row, column] > _DARK else "black"
            axes.text(
                column, row, f"{value:.3f}", ha="center", va="center", fontsize=8, color=colour
            )
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_yticks(range(len(comparison.models)), [model.name for model in comparison.models])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_title(
        f"{LABELS[metric]} by slice, test ratings of {_subject(comparison)}\n"
        "darker is better within a column",
        fontsize=10,
    )
    return render(figure, image_format)


def slice_values(
    comparison: Comparison, metric: str
) -> tuple[list[str], np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Return the slices in which ``metric`` is defined, and its values.

    Returns:
        One text a slice, and shape (n_models, n_slices), NaN where a model has no value.
    """
    first = comparison.models[0].report
    slices = [(row.group, row.name) for row in first.slices if metric in row.metrics]
    values = np.full((len(comparison.models), len(slices)), np.nan)
    for row, model in enumerate(comparison.models):
        found = {(item.group, item.name): item.metrics for item in model.report.slices}
        values[row] = [found[place].get(metric, np.nan) for place in slices]
    return [f"{group}:\n{name}" for group, name in slices], values


def _draw_point(
    axes: Any, model: ComparedModel, metric: str, *, reference: str, above: bool
) -> None:
    value = model.report.metrics[metric]
    low, high = model.report.intervals.get(metric, (value, value))
    colour = BLUE if model.name == reference else GREY
    marker = "D" if model.name == reference else "o"
    axes.plot([model.fit_seconds] * 2, [low, high], color=colour, linewidth=1.2, alpha=0.6)
    axes.plot(model.fit_seconds, value, marker, color=colour)
    axes.annotate(
        model.name,
        (model.fit_seconds, value),
        xytext=(6, 3 if above else -11),
        textcoords="offset points",
        fontsize=9,
        color=colour,
    )


def _shades(values: Any, *, higher_is_better: bool) -> Any:
    """Return each column spread over [0, 1], 1 the best; 0 where nothing is known."""
    signed = values if higher_is_better else -values
    low, high = np.nanmin(signed, axis=0), np.nanmax(signed, axis=0)
    width = np.where(high > low, high - low, 1.0)
    return np.nan_to_num((signed - low) / width * 0.9)


def _subject(comparison: Comparison) -> str:
    return comparison.dataset + (" (simulated)" if comparison.simulated else "")
