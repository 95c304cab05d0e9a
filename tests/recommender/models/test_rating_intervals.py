from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recommender.errors import UsageError
from recommender.inference.intervals import ANY, CalibratedIntervals, NoIntervals, support_classes
from recommender.models.hybrid import HybridScorer
from recommender.models.indexed import IndexedRatings
from recommender.models.rating_blend import HeldOut
from recommender.models.rating_intervals import (
    Errors,
    calibrate,
    cross_fit,
    error_range,
    fit_intervals,
)
from recommender.scale import RatingScale
from recommender.schema import Dataset
from recommender.settings import ModelParams

#: Wide enough that nothing is cut off.
WIDE = RatingScale(-50.0, 50.0, 0.5)
SCALE = RatingScale()
PARAMS = ModelParams()
LEVELS = PARAMS.interval_levels
#: How far the errors of each class of users spread: the fewer ratings, the further.
NOISE = np.array([1.2, 0.9, 0.6, 0.3])


def drawn(n: int, seed: int, *, shift: float = 0.0) -> Errors:
    """Ratings of known noise, skewed, by class of users; movies and estimates play no part."""
    rng = np.random.default_rng(seed)
    users = rng.integers(0, 4, n)
    estimates = rng.uniform(1.0, 5.0, n)
    noise = rng.gumbel(shift, 1.0, n) * NOISE[users]
    return Errors(estimates, estimates + noise, users, rng.integers(0, 4, n))


def calibrated(errors: Errors, scale: RatingScale = WIDE, fewest: int = 200) -> CalibratedIntervals:
    classes = np.arange(5, dtype=np.uint8) % 4
    params = replace(PARAMS, interval_fewest=fewest)
    return calibrate(errors, classes, classes, params, scale)


def held_out(n: int, *, seed: int = 0, is_latest: bool = False, noise: float = 0.5) -> HeldOut:
    rng = np.random.default_rng(seed)
    features = np.column_stack([np.ones(n), rng.uniform(2.0, 4.0, n), rng.normal(0, 0.3, (n, 3))])
    return HeldOut(
        features=features,
        stars=features @ [0.0, 1.0, 0.25, 0.25, 0.25] + rng.normal(0.0, noise, n),
        user_support=np.full(n, 2, dtype=np.uint8),
        movie_support=np.full(n, 3, dtype=np.uint8),
        is_latest=is_latest,
    )


def width(intervals: object, level: int = 1) -> float:
    assert isinstance(intervals, CalibratedIntervals)
    low, high = intervals.errors[level, -1]
    return float(high - low)


@pytest.fixture(scope="module")
def known_noise() -> CalibratedIntervals:
    return calibrated(drawn(40_000, seed=1))


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_cover_as_stated_in_every_group(
    known_noise: CalibratedIntervals, level: float
) -> None:
    new = drawn(40_000, seed=2)
    found = known_noise.around(new.estimates, new.users, new.movies, level, WIDE)
    held = (found.lows <= new.stars) & (new.stars <= found.highs)
    widths = found.highs - found.lows
    for user in range(4):
        assert held[new.users == user].mean() == pytest.approx(level, abs=0.02)
    below, above = (new.stars < found.lows).mean(), (new.stars > found.highs).mean()
    assert below == pytest.approx((1.0 - level) / 2.0, abs=0.02)
    assert above == pytest.approx((1.0 - level) / 2.0, abs=0.02)
    by_class = np.array([widths[new.users == user].mean() for user in range(4)])
    assert by_class / by_class[0] == pytest.approx(NOISE / NOISE[0], rel=0.1)


def test_on_average_over_calibrations_no_fewer_than_stated_are_held() -> None:
    """The guarantee is for small calibrations too, on average over them, within noise."""
    rng = np.random.default_rng(4)
    new = rng.gumbel(0.0, 1.0, 20_000)
    shares = []
    for _ in range(300):
        low, high = error_range(rng.gumbel(0.0, 1.0, 30), 0.8, WIDE)
        shares.append(((low <= new) & (new <= high)).mean())
    assert 0.8 - 0.005 < np.mean(shares) < 0.85


@given(
    errors=hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-4.5, 4.5)),
    levels=st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)).map(sorted),
)
def test_a_range_holds_its_share_of_the_errors_and_grows_with_the_level(
    errors: np.ndarray, levels: list[float]
) -> None:
    (low, high), (lower, higher) = (error_range(errors, level, SCALE) for level in levels)
    assert -4.5 <= lower <= low <= 0.0 <= high <= higher <= 4.5
    for level, (start, end) in zip(levels, ((low, high), (lower, higher)), strict=True):
        outside = np.count_nonzero((errors < start) | (errors > end))
        assert outside <= (errors.size + 1) * (1.0 - level) + 1e-6
    shuffled = np.random.default_rng(1).permutation(errors)
    assert error_range(shuffled, levels[0], SCALE) == (low, high)


def test_a_cell_with_too_few_ratings_is_judged_by_a_coarser_group() -> None:
    errors = drawn(4_000, seed=3)
    rare = errors.users == 0
    keep = ~rare | (np.cumsum(rare) <= 150)
    few = Errors(
        *(getattr(errors, name)[keep] for name in ("estimates", "stars", "users")),
        errors.movies[keep],
    )
    found = calibrated(few)
    deciding = found.keys[found.cells]
    assert (deciding[0] == ANY).all()
    assert (deciding[1:, :, :, 0] == np.arange(1, 4)[:, np.newaxis, np.newaxis]).all()
    assert (found.sizes >= 200).all()
    whole = np.flatnonzero((found.keys == ANY).all(axis=1))
    assert found.sizes[whole].tolist() == [few.stars.size]


def test_the_groups_part_the_ratings_by_estimate() -> None:
    rng = np.random.default_rng(5)
    estimates = rng.uniform(1.0, 5.0, 8_000)
    stars = estimates + rng.normal(0.0, np.where(estimates > 4.0, 0.2, 1.0))
    classes = np.full(8_000, 2)
    found = calibrated(Errors(estimates, stars, classes, classes))
    assert found.edges == pytest.approx([2.0, 3.0, 4.0], abs=0.1)
    asked = np.array([2.5, 4.5])
    stated = found.around(asked, 2, np.array([2, 2]), 0.8, WIDE)
    middle, best = stated.highs - stated.lows
    assert best < 0.3 * middle


def test_equal_estimates_make_one_band() -> None:
    stars = np.random.default_rng(6).choice([2.0, 3.0, 4.0], 500)
    classes = np.full(500, 1)
    found = calibrated(Errors(np.full(500, 3.0), stars, classes, classes), SCALE)
    assert found.edges.tolist() == [3.0]
    stated = found.around(np.array([3.0, 3.5]), 1, np.array([1, 1]), 0.8, SCALE)
    assert (stated.lows[0], stated.highs[0]) == (2.0, 4.0)


def test_too_few_held_out_ratings_are_counted(indexed: IndexedRatings) -> None:
    folds = [held_out(150), held_out(49, is_latest=True)]
    found = fit_intervals(folds, indexed, PARAMS, "temporal")
    assert found == NoIntervals(
        "there are 49 held-out training ratings, and intervals need 200 (interval_fewest)"
    )
    enough = replace(PARAMS, interval_fewest=49)
    assert isinstance(fit_intervals(folds, indexed, enough, "temporal"), CalibratedIntervals)
    assert isinstance(fit_intervals([], indexed, PARAMS, "temporal"), NoIntervals)


def test_the_split_decides_which_errors_count(indexed: IndexedRatings) -> None:
    quiet, loud = held_out(2_000, noise=0.1), held_out(2_000, seed=1, is_latest=True, noise=0.6)
    widths = {
        method: width(fit_intervals([quiet, loud], indexed, PARAMS, method))
        for method in ("temporal", "random", "leave_last_k")
    }
    assert widths["temporal"] > 4.0 * widths["random"]
    assert widths["leave_last_k"] == widths["random"]
    # Where no fold answers the question, all do.
    alone = width(fit_intervals([quiet], indexed, PARAMS, "temporal"))
    assert alone == width(fit_intervals([quiet], indexed, PARAMS, "random"))


def test_no_estimate_is_by_weights_learned_from_its_own_rating() -> None:
    fold = held_out(400)
    first = cross_fit([fold], [True], WIDE)
    moved = fold.stars.copy()
    moved[::2] += 20.0
    second = cross_fit([replace(fold, stars=moved)], [True], WIDE)
    # The even rows come first; their estimates rest on the odd rows, which did not change.
    assert np.array_equal(first.estimates[:200], second.estimates[:200])
    assert (second.estimates[200:] > first.estimates[200:] + 5.0).all()


def test_users_and_movies_keep_the_class_of_their_training_ratings(
    indexed: IndexedRatings,
) -> None:
    found = fit_intervals([held_out(500)], indexed, PARAMS, "random")
    assert isinstance(found, CalibratedIntervals)
    assert found.users.tolist() == [*support_classes(indexed.user_counts), 0]
    assert found.movies.tolist() == [*support_classes(indexed.movie_counts), 0]


@pytest.mark.parametrize("levels", [(), (0.8, 0.5), (0.5, 0.5), (0.0, 0.5), (0.5, 1.0)])
def test_levels_rise_between_nothing_and_everything(
    levels: tuple[float, ...], ratings_of_taste: Dataset
) -> None:
    params = replace(PARAMS, interval_levels=levels)
    with pytest.raises(UsageError, match="interval_levels"):
        HybridScorer(params).fit(ratings_of_taste)


def test_on_ratings_to_come_the_hybrid_covers_as_stated(ratings_of_taste: Dataset) -> None:
    params = ModelParams(
        n_epochs=2,
        nmf_epochs=2,
        content_factors=6,
        taste_factors=3,
        fm_iterations=20,
        ranking_cuts=1,
        interval_levels=(0.8,),
        interval_fewest=60,
    )
    shuffled = ratings_of_taste.ratings.sample(frac=1.0, random_state=1)
    past, new = shuffled.iloc[:900], shuffled.iloc[900:]
    hybrid = HybridScorer(params, seed=2, method="random").fit(ratings_of_taste.with_ratings(past))
    pairs = new["user_id"].to_numpy(), new["movie_id"].to_numpy()
    found = hybrid.rating_intervals(*pairs, hybrid.predict(*pairs))
    stars = new["rating"].to_numpy()
    held = (found.lows - 1e-6 <= stars) & (stars <= found.highs + 1e-6)
    assert hybrid.interval_levels == (0.8,)
    assert held.mean() == pytest.approx(0.8, abs=0.1)
    assert (found.highs - found.lows).mean() < 3.0
