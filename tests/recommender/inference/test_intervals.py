from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recommender.errors import UsageError
from recommender.inference import Recommender
from recommender.inference.components import Components
from recommender.inference.intervals import (
    ANY,
    OF_THE_HYBRID_ALONE,
    SUPPORT_STARTS,
    CalibratedIntervals,
    NoIntervals,
    support_classes,
)
from recommender.inference.part import Audience
from recommender.scale import RatingScale

SCALE = RatingScale()
N_SUPPORTS = len(SUPPORT_STARTS) + 1
#: What the wholly unknown, users with many ratings and everyone else get, at 50 and 80 percent.
ERRORS = np.array(
    [[[-1.5, 1.0], [-0.4, 0.3], [-1.0, 0.8]], [[-2.0, 2.5], [-0.8, 0.6], [-1.6, 1.2]]]
)
NOBODY, NEW_FILM = 10**6, 10**6


def calibrated(users: list[int], movies: list[int]) -> CalibratedIntervals:
    """Intervals of three groups; above 4 stars everyone is of the last one."""
    cells = np.full((N_SUPPORTS, N_SUPPORTS, 2), 2)
    cells[0, :, 0] = 0
    cells[2:, :, 0] = 1
    return CalibratedIntervals(
        levels=np.array([0.5, 0.8]),
        edges=np.array([4.0]),
        keys=np.array([[0, ANY, 0], [3, ANY, 0], [ANY, ANY, ANY]]),
        sizes=np.array([300, 400, 1000]),
        errors=ERRORS,
        cells=cells,
        users=np.array(users, dtype=np.uint8),
        movies=np.array(movies, dtype=np.uint8),
    )


INTERVALS = calibrated([3, 1, 0], [2, 2, 0])


@pytest.fixture(scope="module")
def sure(served: Recommender, components: Components) -> Recommender:
    """The tiny recommender with intervals."""
    audience: Audience = served.part("hybrid").audience
    users = support_classes(np.append(np.diff(audience.histories.starts), 0))
    intervals = calibrated(users.tolist(), [0] * (len(audience.movies) + 1))
    return Recommender(
        audience, replace(components, intervals=intervals), served._catalogue, served._index
    )


def test_the_group_decides_how_wide_an_interval_is() -> None:
    estimates = np.array([3.0, 3.0, 3.0, 4.2])
    users, movies = INTERVALS.users[[0, 1, -1, 0]], np.array([0, 1, 0, 0])
    found = INTERVALS.around(estimates, users, movies, 0.8, SCALE)
    assert found.groups.tolist() == [1, 2, 0, 2]
    assert found.lows == pytest.approx([2.2, 1.4, 1.0, 2.6])
    assert found.highs == pytest.approx([3.6, 4.2, 5.0, 5.0])
    assert found.level == 0.8


def test_groups_say_what_they_are() -> None:
    assert INTERVALS.group_names == (
        "users with no ratings, estimates up to 4.00 (300 held-out ratings)",
        "users with 50 or more ratings, estimates up to 4.00 (400 held-out ratings)",
        "all users and movies (1000 held-out ratings)",
    )
    keys = np.array([[1, 2, ANY], [ANY, 0, 1], [2, ANY, 2]])
    several = replace(INTERVALS, keys=keys, edges=np.array([3.0, 4.0]))
    assert several.group_names == (
        "users with 1 to 9 ratings, movies with 10 to 49 ratings (300 held-out ratings)",
        "movies with no ratings, estimates above 3.00 up to 4.00 (400 held-out ratings)",
        "users with 10 to 49 ratings, estimates above 4.00 (1000 held-out ratings)",
    )


@given(
    estimates=hnp.arrays(np.float64, st.integers(0, 20), elements=st.floats(0.5, 5.0)),
    support=st.integers(0, N_SUPPORTS - 1),
)
def test_intervals_stay_on_the_scale_around_the_estimate_and_grow_with_the_level(
    estimates: np.ndarray, support: int
) -> None:
    movies = np.arange(estimates.size) % 3
    half, most = (
        INTERVALS.around(estimates, support, movies, level, SCALE) for level in (0.5, 0.8)
    )
    assert (most.lows >= SCALE.minimum).all()
    assert (most.highs <= SCALE.maximum).all()
    assert (most.lows <= half.lows).all()
    assert (half.lows <= estimates).all()
    assert (estimates <= half.highs).all()
    assert (half.highs <= most.highs).all()


def test_a_level_that_was_not_calibrated_is_refused() -> None:
    with pytest.raises(UsageError, match=r"0\.9.*0\.5, 0\.8"):
        INTERVALS.around(np.array([3.0]), 0, np.array([0]), 0.9, SCALE)


def test_a_bundle_holds_the_intervals(components: Components) -> None:
    written = replace(components, intervals=INTERVALS)
    read = Components.from_arrays(written.to_arrays(), written.to_scoring()).intervals
    assert isinstance(read, CalibratedIntervals)
    for name, array in INTERVALS.to_arrays().items():
        assert np.array_equal(array, read.to_arrays()[name]), name


def test_a_bundle_says_why_it_holds_none(components: Components) -> None:
    written = replace(components, intervals=NoIntervals("3 ratings are too few"))
    assert not any(name.startswith("interval.") for name in written.to_arrays())
    read = Components.from_arrays(written.to_arrays(), written.to_scoring()).intervals
    assert read == NoIntervals("3 ratings are too few")


def test_estimates_come_with_intervals(sure: Recommender) -> None:
    movies = [1, 2, NEW_FILM]
    known = sure.estimate_for_history([], [], movies, user_id=3)
    assert known.no_intervals is None
    assert known.intervals is not None
    pairs = np.full(3, 3), np.array(movies)
    stated = sure.rating_intervals(*pairs, sure.predict(*pairs))
    assert stated.level == known.intervals.level == 0.8
    assert np.array_equal(stated.lows, known.intervals.lows)
    assert np.array_equal(stated.highs, known.intervals.highs)
    assert np.array_equal(stated.groups, known.intervals.groups)
    half = sure.estimate_for_history([], [], movies, user_id=3, level=0.5).intervals
    assert half is not None
    assert (half.highs - half.lows < known.intervals.highs - known.intervals.lows).all()


def test_a_visitor_s_own_ratings_decide_the_group(sure: Recommender) -> None:
    def groups(n_rated: int, user_id: int | None = None) -> list[int]:
        movies = np.arange(1, n_rated + 1)
        ratings = np.full(n_rated, 3.0)
        found = sure.estimate_for_history(movies, ratings, [29], user_id=user_id)
        assert found.ratings[0] <= 4.0
        assert found.intervals is not None
        return list(found.intervals.groups)

    assert groups(0) == groups(0, NOBODY) == [0]
    assert groups(5) == groups(5, NOBODY) == [2]
    assert groups(20) == [1]


def test_without_a_calibration_there_is_a_reason(served: Recommender) -> None:
    found = served.estimate_for_history([], [], [1, 2], user_id=3)
    assert found.intervals is None
    assert found.no_intervals is not None
    assert "76 held-out training ratings" in found.no_intervals
    assert "need 200" in found.no_intervals
    assert served.interval_levels == ()
    with pytest.raises(UsageError, match="76 held-out"):
        served.rating_intervals(np.array([3]), np.array([1]), np.array([3.0]))


def test_parts_state_none(sure: Recommender) -> None:
    assert sure.interval_levels == (0.5, 0.8)
    assert sure.part("svd").interval_levels == ()
    with pytest.raises(UsageError, match="the hybrid alone"):
        sure.part("svd").rating_intervals(np.array([3]), np.array([1]), np.array([3.0]))
    assert "hybrid alone" in OF_THE_HYBRID_ALONE.reason


def test_support_has_classes() -> None:
    counts = np.array([0, *SUPPORT_STARTS, *(start - 1 for start in SUPPORT_STARTS)])
    assert support_classes(counts).tolist() == [0, 1, 2, 3, 0, 1, 2]
