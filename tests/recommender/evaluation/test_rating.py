"""Rating metrics on hand-computed cases and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from recommender.errors import RouletteError
from recommender.evaluation.rating import (
    calibration,
    error_histogram,
    mae,
    rating_errors,
    rating_report,
    rmse,
)
from recommender.scale import RatingScale

STARS = st.floats(0.5, 5.0, width=32)
SCALE = RatingScale()


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(*[arrays(float, n, elements=STARS)] * 2)))
def test_agrees_with_scikit_learn(pair):
    actual, predicted = pair
    assert rmse(actual, predicted) == pytest.approx(root_mean_squared_error(actual, predicted))
    assert mae(actual, predicted) == pytest.approx(mean_absolute_error(actual, predicted))
    assert mae(actual, predicted) <= rmse(actual, predicted) + 1e-12


def test_hand_computed_report():
    report = rating_report(np.array([4.0, 2.0, 3.0, 5.0]), np.array([3.0, 2.0, 5.0, 5.0]))
    assert report.n_ratings == 4
    assert report.rmse == pytest.approx(np.sqrt(5 / 4))
    assert (report.mae, report.mean_error) == (0.75, 0.25)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("metric", [rmse, mae, rating_report])
def test_a_missing_score_raises_and_is_never_dropped(metric, value):
    with pytest.raises(RouletteError, match=r"estimate at position 1: 1 of 2 values"):
        metric(np.array([3.0, 4.0]), np.array([3.0, value]))


def test_a_missing_rating_raises():
    with pytest.raises(RouletteError, match="rating at position 0"):
        rmse(np.array([np.nan]), np.array([3.0]))


@pytest.mark.parametrize(
    ("actual", "predicted"), [([1.0], [1.0, 2.0]), ([[1.0]], [[1.0]]), ([], [])]
)
def test_shapes_and_emptiness_are_checked(actual, predicted):
    with pytest.raises(ValueError, match=r"shapes|no ratings"):
        rating_errors(np.array(actual), np.array(predicted))


def test_calibration_bins_are_by_estimate_and_hold_every_rating():
    predicted = np.array([0.5, 0.9, 3.0, 3.49, 5.0])
    actual = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    bins = calibration(actual, predicted, SCALE)
    assert [(item.low, item.high, item.n_ratings) for item in bins] == [
        (0.5, 1.0, 2),
        (3.0, 3.5, 2),
        (4.5, 5.0, 1),
    ]
    assert [item.mean_actual for item in bins] == [1.5, 3.5, 5.0]
    assert bins[0].mean_predicted == pytest.approx(0.7)


@given(arrays(float, st.integers(1, 60), elements=st.floats(-6.0, 6.0)))
def test_the_histogram_counts_every_error_once(errors):
    histogram = error_histogram(errors, SCALE)
    assert sum(histogram.counts) == errors.size
    assert len(histogram.edges) == len(histogram.counts) + 1
    assert (histogram.edges[0], histogram.edges[-1]) == (-4.5, 4.5)
