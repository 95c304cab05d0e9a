"""Charts of a comparison: accuracy against time, and accuracy by slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from recommender.comparison.labels import Box, place_labels
from recommender.comparison.report import ComparedModel, Comparison
from recommender.evaluation.figures import BLUE, DPI, GREY, LABELS, ImageFormat, render, tidy

METRICS = ("rmse", "ndcg_at_10")
#: Cells darker than this carry white figures.
_DARK = 0.6
#: Labels farther than this from their point, in pixels, are tied to it by a line.
_TIED = 12.0
_POINTS_PER_INCH = 72.0


def plot_accuracy_against_time(comparison: Comparison, image_format: ImageFormat = "png") -> bytes:
    """Draw RMSE and NDCG@10 with their intervals against the seconds of one fit."""
    return render(accuracy_against_time(comparison, METRICS), image_format)


def accuracy_against_time(comparison: Comparison, metrics: Sequence[str]) -> Figure:
    """Return a figure with one panel a metric, in which no label covers another."""
    figure = Figure(figsize=(5.9 * len(metrics), 4.8), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(metrics), squeeze=False).ravel()
    for axes, metric in zip(panels, metrics, strict=True):
        tidy(axes)
        for model in comparison.models:
            _draw_point(axes, model, metric, reference=comparison.reference)
        axes.set_xscale("log")
        axes.margins(x=0.1, y=0.1)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("Seconds to fit (logarithmic)")
        axes.set_ylabel(LABELS[metric])
    figure.suptitle(f"Test ratings of {_subject(comparison)}", fontsize=10)
    figure.draw_without_rendering()
    # Labels are placed on what is drawn, which from here on must not move.
    figure.set_layout_engine("none")
    for axes, metric in zip(panels, metrics, strict=True):
        _label_points(axes, comparison, metric)
    return figure


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
    shades = slice_shades(values, metric)
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


def slice_shades(values: Any, metric: str) -> Any:
    """Return each column of `slice_values` spread over [0, 0.9], 0.9 the best; 0 for unknowns."""
    signed = -values if metric in ("rmse", "mae") else values
    low, high = np.nanmin(signed, axis=0), np.nanmax(signed, axis=0)
    width = np.where(high > low, high - low, 1.0)
    return np.nan_to_num((signed - low) / width * 0.9)


def _draw_point(axes: Any, model: ComparedModel, metric: str, *, reference: str) -> None:
    low, high = _interval(model, metric)
    colour = _colour(model, reference)
    marker = "D" if model.name == reference else "o"
    axes.plot([model.fit_seconds] * 2, [low, high], color=colour, linewidth=1.2, alpha=0.5)
    axes.plot(model.fit_seconds, model.report.metrics[metric], marker, color=colour, markersize=5)


def _label_points(axes: Any, comparison: Comparison, metric: str) -> None:
    models = comparison.models
    to_pixels = axes.transData.transform
    points = [to_pixels((model.fit_seconds, model.report.metrics[metric])) for model in models]
    texts = [
        axes.annotate(
            model.name,
            (model.fit_seconds, model.report.metrics[metric]),
            xytext=(0.0, 0.0),
            textcoords="offset points",
            fontsize=9,
            color=_colour(model, comparison.reference),
        )
        for model in models
    ]
    extents = [text.get_window_extent() for text in texts]
    sizes = [(extent.width, extent.height) for extent in extents]
    lines = [_line(axes, model, metric) for model in models]
    area = Box(*axes.bbox.extents)
    for text, point, box in zip(
        texts, points, place_labels(points, sizes, area, lines), strict=True
    ):
        text.set_position(_in_points((box.left, box.bottom), point))
        _tie(axes, text, point, box)


def _tie(axes: Any, text: Any, point: Any, box: Box) -> None:
    """Draw a line from a point to its label where that is not beside it."""
    nearest = box.nearest(*point)
    if np.hypot(*(nearest - point)) > _TIED:
        axes.annotate(
            "",
            text.xy,
            xytext=_in_points(nearest, point),
            textcoords="offset points",
            arrowprops={
                "arrowstyle": "-",
                "color": text.get_color(),
                "linewidth": 0.6,
                "shrinkA": 0.0,
                "shrinkB": 2.0,
            },
        )


def _line(axes: Any, model: ComparedModel, metric: str) -> Box:
    to_pixels = axes.transData.transform
    low, high = sorted(_interval(model, metric))
    (x, bottom), (_, top) = (
        to_pixels((model.fit_seconds, low)),
        to_pixels((model.fit_seconds, high)),
    )
    return Box(x - 1.0, bottom, x + 1.0, top)


def _in_points(place: tuple[float, float], origin: Any) -> tuple[float, float]:
    """Return the way from ``origin`` to ``place``, given in pixels, in points."""
    x, y = (np.asarray(place) - origin) * _POINTS_PER_INCH / DPI
    return float(x), float(y)


def _interval(model: ComparedModel, metric: str) -> tuple[float, float]:
    value = model.report.metrics[metric]
    return model.report.intervals.get(metric, (value, value))


def _colour(model: ComparedModel, reference: str) -> str:
    return BLUE if model.name == reference else GREY


def _subject(comparison: Comparison) -> str:
    return comparison.dataset + (" (simulated)" if comparison.simulated else "")
