"""Calibrates rating intervals on the held-out training ratings that set the blend's weights.

See `recommender.inference.intervals` for the method. Estimates are those of a blend whose weights
were learned from the other half of the held-out ratings, so that no error is made smaller by having
been learned from. A split in time asks what comes next, and the errors on the latest ratings answer
that better than those on ratings by chance: taste moves on, and exchangeability with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.inference.intervals import (
    ANY,
    SUPPORT_STARTS,
    CalibratedIntervals,
    Intervals,
    NoIntervals,
    support_classes,
)
from recommender.models.indexed import Floats, IndexedRatings
from recommender.models.rating_blend import HeldOut, blend_weights
from recommender.scale import RatingScale, SplitMethod
from recommender.settings import ModelParams

Classes = npt.NDArray[np.integer]
#: Shares of the held-out estimates below which a band of estimates ends.
_BAND_SHARES = (0.25, 0.5, 0.75)
#: Most held-out ratings of a fold that are used; more would make no interval better.
_MOST_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Errors:
    """Held-out ratings, as intervals are calibrated on them.

    Attributes:
        estimates: Shape (n,), stars, within the scale.
        stars: Shape (n,).
        users: Shape (n,), the class of support of each user, without the ratings held out.
        movies: Shape (n,), likewise.
    """

    estimates: Floats
    stars: Floats
    users: Classes
    movies: Classes


def fit_intervals(
    folds: Sequence[HeldOut], data: IndexedRatings, params: ModelParams, method: SplitMethod
) -> Intervals:
    """Return the intervals of the blend of all training ratings.

    Args:
        folds: What was held out to set the weights of the blend.
        data: The training ratings.
        params: ``interval_levels`` and ``interval_fewest``.
        method: The split whose question is asked: ``temporal`` takes the folds that hold out the
            latest ratings, the others those by chance; where there are none, all count.
    """
    chosen = [fold.is_latest == (method == "temporal") for fold in folds]
    if not any(chosen):
        chosen = [True] * len(folds)
    n_held_out = sum(fold.stars.size for fold in itertools.compress(folds, chosen))
    if n_held_out < params.interval_fewest:
        return NoIntervals(
            f"there are {n_held_out} held-out training ratings, and intervals need "
            f"{params.interval_fewest} (interval_fewest)"
        )
    return calibrate(
        cross_fit(folds, chosen, data.scale),
        support_classes(np.append(data.user_counts, 0)),
        support_classes(np.append(data.movie_counts, 0)),
        params,
        data.scale,
    )


def check_levels(levels: Sequence[float]) -> None:
    """Check that there are levels, that they rise and that they are between 0 and 1.

    Raises:
        UsageError: They do not.
    """
    if not levels or not (np.diff([0.0, *levels, 1.0]) > 0.0).all():
        raise UsageError(
            "levels must rise and be between 0 and 1, both excluded",
            place="model.interval_levels",
            value=tuple(levels),
        )


def cross_fit(folds: Sequence[HeldOut], judged: Sequence[bool], scale: RatingScale) -> Errors:
    """Return estimates of each half of the held-out ratings by weights learned from the other.

    Args:
        folds: What the weights are learned from.
        judged: Of each fold, whether its estimates are returned; at least one.
        scale: Limits of the estimates.
    """
    thinned = [fold.only(slice(None, None, 1 + fold.stars.size // _MOST_ROWS)) for fold in folds]
    halves = [[fold.only(slice(half, None, 2)) for fold in thinned] for half in range(2)]
    weights = [blend_weights(half) for half in reversed(halves)]
    pairs = [
        (fold, own)
        for half, own in zip(halves, weights, strict=True)
        for fold in itertools.compress(half, judged)
    ]
    return Errors(
        estimates=np.asarray(
            scale.clip(np.concatenate([fold.blend(own) for fold, own in pairs])), dtype=np.float64
        ),
        stars=np.concatenate([fold.stars for fold, _ in pairs]),
        users=np.concatenate([fold.user_support for fold, _ in pairs]),
        movies=np.concatenate([fold.movie_support for fold, _ in pairs]),
    )


def calibrate(
    errors: Errors,
    users: npt.NDArray[np.uint8],
    movies: npt.NDArray[np.uint8],
    params: ModelParams,
    scale: RatingScale,
) -> CalibratedIntervals:
    """Return the intervals that these errors say.

    The group of a cell is the finest of these with ``interval_fewest`` ratings: the cell itself;
    without regard to the estimate; to the movie; all held-out ratings.

    Args:
        errors: At least ``interval_fewest`` ratings.
        users: Shape (n_users + 1,), the class of support of each user.
        movies: Shape (n_movies + 1,), likewise.
        params: ``interval_levels`` and ``interval_fewest``.
        scale: Its width bounds what too few ratings leave open.
    """
    edges = np.unique(np.quantile(errors.estimates, _BAND_SHARES))
    bands = np.searchsorted(edges, errors.estimates, side="left")
    classes = (errors.users, errors.movies, bands)
    n_supports = len(SUPPORT_STARTS) + 1
    cells = np.zeros((n_supports, n_supports, edges.size + 1), dtype=np.int64)
    groups: dict[tuple[int, ...], int] = {}
    members: list[npt.NDArray[np.bool_]] = []
    for cell in np.ndindex(*cells.shape):
        key, rows = _finest(classes, cell, params.interval_fewest)
        if key not in groups:
            groups[key] = len(groups)
            members.append(rows)
        cells[cell] = groups[key]
    found = errors.stars - errors.estimates
    return CalibratedIntervals(
        levels=np.array(params.interval_levels),
        edges=edges,
        keys=np.array(list(groups), dtype=np.int64),
        sizes=np.array([int(rows.sum()) for rows in members]),
        errors=np.array(
            [
                [error_range(found[rows], level, scale) for rows in members]
                for level in params.interval_levels
            ]
        ),
        cells=cells,
        users=users,
        movies=movies,
    )


def error_range(errors: Floats, level: float, scale: RatingScale) -> tuple[float, float]:
    """Return from where to where the errors of a group reach at ``level``.

    The range holds 0, so that an interval holds its estimate, and is as wide as the scale where
    there are too few errors to say.

    Args:
        errors: Shape (n,), rating minus estimate, stars.
        level: In (0, 1).
        scale: The rating scale.

    >>> error_range(np.arange(-4.5, 5.0), 0.8, RatingScale(0.5, 10.5))
    (-4.5, 4.5)
    >>> error_range(np.array([0.5, 1.0]), 0.8, RatingScale(1.0, 5.0))
    (-4.0, 4.0)
    """
    width, n = scale.maximum - scale.minimum, errors.size
    # What rounding makes of a whole number must not move a rank.
    below = int(np.floor((n + 1) * (1.0 - level) / 2.0 + 1e-9))
    if below < 1:
        return -width, width
    ordered = np.sort(errors)
    return min(float(ordered[below - 1]), 0.0), max(float(ordered[n - below]), 0.0)


def _finest(
    classes: Sequence[Classes], cell: tuple[int, ...], fewest: int
) -> tuple[tuple[int, ...], npt.NDArray[np.bool_]]:
    """Return the key of the finest group around ``cell`` that is large enough, and its rows."""
    rows = [np.ones(classes[0].size, dtype=np.bool_)]
    for own, wanted in zip(classes, cell, strict=True):
        narrower = rows[-1] & (own == wanted)
        if np.count_nonzero(narrower) < fewest:
            break
        rows.append(narrower)
    kept = len(rows) - 1
    return cell[:kept] + (ANY,) * (len(cell) - kept), rows[-1]
