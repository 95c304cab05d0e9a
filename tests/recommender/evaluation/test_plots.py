"""Figures are real images that hold what they should, and the same report gives the same bytes."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.plots import (
    plot_calibration,
    plot_error_histogram,
    plot_models,
    plot_slices,
)
from recommender.settings import EvaluationSettings

FIGURES = [
    plot_calibration,
    plot_error_histogram,
    plot_slices,
    lambda report, image_format="png": plot_models([report] * 3, image_format=image_format),
]


@pytest.fixture(scope="module")
def report(make_split, fixed_model):
    rng = np.random.default_rng(3)
    train = [(user, movie, 4.0) for user in range(1, 31) for movie in (1, 2)]
    test = [(user, 3 + user % 4, float(rng.integers(1, 6))) for user in range(11, 61)]

    def estimate(users, movies):
        return 2.5 + (np.asarray(movies) % 3)

    model = fixed_model({0: [1, 2, 3, 4, 5, 6]}, estimate)
    return evaluate(model, make_split(train, test), EvaluationSettings(bootstrap_samples=20), 1)


@pytest.mark.parametrize("draw", FIGURES)
def test_png_of_a_readable_size(draw, report):
    image = draw(report)
    assert image.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", image[16:24])
    assert width >= 600
    assert height >= 300


@pytest.mark.parametrize("draw", FIGURES)
def test_svg_is_reproducible(draw, report):
    image = draw(report, image_format="svg")
    assert ET.fromstring(image).tag.endswith("svg")  # noqa: S314  # our own output
    assert draw(report, image_format="svg") == image


def text_of(image: bytes) -> str:
    """Matplotlib draws glyphs as paths and leaves each text as a comment."""
    return image.decode().replace("<!--", "").replace("-->", "")


def test_labels_carry_units_counts_and_the_level(report):
    slices = text_of(plot_slices(report, "rmse", image_format="svg"))
    assert "RMSE (stars, lower is better)" in slices
    assert "users: cold (30 ratings)" in slices
    assert "95% intervals" in slices
    assert "200+" not in slices  # an empty slice is not drawn
    assert "Estimate minus rating (stars)" in text_of(plot_error_histogram(report, "svg"))
    assert "perfect calibration" in text_of(plot_calibration(report, "svg"))
    ranking = text_of(plot_slices(report, image_format="svg"))
    assert f"users: cold ({report.slices[1].n_ranked} users)" in ranking
