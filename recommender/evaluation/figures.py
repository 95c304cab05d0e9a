"""What all figures share: colours, labels of metrics, and rendering without a display.

Colours are those of Okabe and Ito, which stay apart for colour-blind readers; nothing is told by
colour alone.
"""

from __future__ import annotations

import io
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure

ImageFormat = Literal["png", "svg"]

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#6E6E6E"
DPI = 130
LABELS = {
    "rmse": "RMSE (stars, lower is better)",
    "mae": "MAE (stars, lower is better)",
    "ndcg_at_10": "NDCG@10 (0 to 1, higher is better)",
    "precision_at_10": "Precision@10 (0 to 1, higher is better)",
    "recall_at_10": "Recall@10 (0 to 1, higher is better)",
    "map_at_10": "MAP@10 (0 to 1, higher is better)",
    "hit_rate_at_10": "Hit rate@10 (0 to 1, higher is better)",
    "mrr_at_10": "MRR@10 (0 to 1, higher is better)",
    "interval_80_coverage": "Ratings within their 80 % interval (share)",
    "interval_80_width": "Mean width of 80 % intervals (stars)",
    "coverage": "Catalogue coverage (share of movies)",
    "gini": "Gini of exposure (0 even, 1 concentrated)",
    "novelty": "Novelty (bits)",
}


def new_figure(width: float, height: float) -> tuple[Any, Any]:
    """Return a figure of that many inches, and its axes."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    tidy(axes)
    return figure, axes


def tidy(axes: Any) -> None:
    """Take away the frame's upper and right sides, and keep the title small."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.title.set_fontsize(10)


def render(figure: Any, image_format: ImageFormat) -> bytes:
    """Return the image; the same figure gives the same bytes."""
    metadata = {"Date": None} if image_format == "svg" else {"Software": None}
    stream = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "movie-roulette"}):
        figure.savefig(stream, format=image_format, metadata=metadata)
    return stream.getvalue()
