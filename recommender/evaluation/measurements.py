"""Everything that was observed of one model on one part of a split, before any averaging.

All metrics, overall and by slice, are sums over these arrays under a mask of users and movies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from recommender.errors import DataError
from recommender.evaluation.bootstrap import UserTotals
from recommender.evaluation.lists import (
    Progress,
    RankedLists,
    RatedMovies,
    catalogue_positions,
    rank_users,
)
from recommender.evaluation.ranking import BoolArray, ranking_scores
from recommender.evaluation.rating import rating_errors
from recommender.scale import FloatArray, IntArray
from recommender.schema import Split
from recommender.scorer import Recommends, StatesIntervals
from recommender.settings import EvaluationSettings

#: Stars that an interval may miss a rating by and still hold it.
_ROUNDING = 1e-6
#: The part of a split that is measured.
Part = Literal["validation", "test"]


@dataclass(frozen=True, eq=False)
class IntervalHits:
    """Intervals against the ratings that were given.

    Attributes:
        held: Shape (n_ratings,), whether the interval holds the rating.
        widths: Shape (n_ratings,), stars.
    """

    held: BoolArray
    widths: FloatArray


@dataclass(frozen=True, eq=False)
class Measurements:
    """Errors, lists and hits, indexed by position instead of id.

    Attributes:
        user_ids: Shape (n_users,), every user of the measured part, rising.
        user_ratings: Shape (n_users,), training ratings of each user.
        movie_ratings: Shape (n_movies,), training ratings of each movie of the catalogue.
        pair_users: Shape (n_ratings,), position of each rating's user in ``user_ids``.
        pair_movies: Shape (n_ratings,), position of each rating's movie in the catalogue.
        errors: Shape (n_ratings,), estimate minus rating, in stars.
        lists: Ranked lists of users who have a relevant movie.
        list_users: Shape (n_lists,), position of each list's user in ``user_ids``.
        relevant_lists: Shape (n_relevant,), row of the list to whose user the movie is relevant.
        relevant_movies: Shape (n_relevant,), position of that movie in the catalogue.
        hits: Shape (n_lists, width), true where the movie at that place is relevant.
        intervals: What was observed of the model's intervals at each of its levels.
    """

    user_ids: IntArray
    user_ratings: IntArray
    movie_ratings: IntArray
    pair_users: IntArray
    pair_movies: IntArray
    errors: FloatArray
    lists: RankedLists
    list_users: IntArray
    relevant_lists: IntArray
    relevant_movies: IntArray
    hits: BoolArray
    intervals: Mapping[float, IntervalHits]

    @property
    def all_users(self) -> BoolArray:
        """Shape (n_users,), the mask that keeps everyone."""
        return np.ones(self.user_ids.size, dtype=bool)

    @property
    def all_movies(self) -> BoolArray:
        """Shape (n_movies,), the mask that keeps the whole catalogue."""
        return np.ones(self.movie_ratings.size, dtype=bool)


def part_ratings(split: Split, part: Part) -> pd.DataFrame:
    """Return the ratings frame of one part.

    Raises:
        DataError: The part is empty.
    """
    frame = split.test if part == "test" else split.validation
    if frame.empty:
        raise DataError(
            "there are no ratings to measure",
            place=f"the {part} part of {split.train.name}",
            remedy="Use more data or a larger share for this part.",
        )
    return frame


def measure(
    model: Recommends,
    split: Split,
    settings: EvaluationSettings,
    *,
    part: Part,
    seed: int,
    width: int,
    progress: Progress | None = None,
) -> Measurements:
    """Let ``model`` estimate every rating of ``part`` and rank for every user of it.

    Args:
        model: A recommender that was fitted on ``split.train`` alone.
        split: Where the ratings come from.
        settings: The relevance threshold and the most users to rank.
        part: What to measure.
        seed: Seed of the sample of users, where there are more than the most.
        width: Most movies kept in a list.
        progress: Told of each user ranked.

    Raises:
        DataError: The part is empty or no rating in it is relevant.
        RouletteError: The model's answers are unusable.
    """
    frame = part_ratings(split, part)
    catalogue = np.unique(split.train.movies["movie_id"].to_numpy())
    actual, movies = frame["rating"].to_numpy(dtype=np.float64), frame["movie_id"].to_numpy()
    user_ids, pair_users = np.unique(frame["user_id"].to_numpy(), return_inverse=True)
    pair_movies = catalogue_positions(movies, catalogue, place=f"the {part} ratings")
    predicted = model.predict(user_ids[pair_users], movies)
    errors = rating_errors(actual, predicted)

    relevant = actual >= settings.relevance_threshold
    list_users = _draw_users(pair_users[relevant], settings, seed, split.train.name)
    known = _known(split, part)
    lists = rank_users(
        model, user_ids[list_users], width, catalogue=catalogue, known=known, progress=progress
    )
    counted = relevant & np.isin(pair_users, list_users)
    relevant_lists = np.searchsorted(list_users, pair_users[counted])
    return Measurements(
        user_ids=user_ids,
        user_ratings=_count(split.train.ratings["user_id"], user_ids),
        movie_ratings=_count(split.train.ratings["movie_id"], catalogue),
        pair_users=pair_users,
        pair_movies=pair_movies,
        errors=errors,
        lists=lists,
        list_users=list_users,
        relevant_lists=relevant_lists,
        relevant_movies=pair_movies[counted],
        hits=find_hits(lists, relevant_lists, pair_movies[counted]),
        intervals=find_held(model, user_ids[pair_users], movies, predicted, actual),
    )


def find_held(
    model: Recommends, users: IntArray, movies: IntArray, predicted: FloatArray, actual: FloatArray
) -> dict[float, IntervalHits]:
    """Return which ratings the model's intervals hold, by level; empty where it states none.

    Args:
        model: The model.
        users: Shape (n,), ids.
        movies: Shape (n,), ids.
        predicted: Shape (n,), its estimates, stars.
        actual: Shape (n,), the ratings given, stars.
    """
    found: dict[float, IntervalHits] = {}
    if not isinstance(model, StatesIntervals):
        return found
    for level in model.interval_levels:
        stated = model.rating_intervals(users, movies, predicted, level)
        held = (stated.lows - _ROUNDING <= actual) & (actual <= stated.highs + _ROUNDING)
        found[level] = IntervalHits(held, stated.highs - stated.lows)
    return found


def find_hits(lists: RankedLists, relevant_lists: IntArray, relevant_movies: IntArray) -> BoolArray:
    """Return the hit matrix of ``lists``, shape (n_lists, width).

    Args:
        lists: The ranked lists.
        relevant_lists: Shape (n,), rows of ``lists``.
        relevant_movies: Shape (n,), positions in the catalogue that are relevant to that row.
    """
    n_movies = int(max(lists.movies.max(initial=0), relevant_movies.max(initial=0))) + 1
    rows = np.arange(lists.user_ids.size)[:, np.newaxis]
    shown = rows * n_movies + lists.movies
    hits = np.isin(shown, relevant_lists * n_movies + relevant_movies)
    return np.asarray(hits & lists.filled, dtype=bool)


def rating_totals(
    measured: Measurements, users: BoolArray, movies: BoolArray
) -> dict[str, UserTotals]:
    """Return the rating metrics over the ratings of the masked users on the masked movies.

    These are ``rmse``, ``mae`` and, for each level of the model's intervals, the share of ratings
    that they hold and their mean width: ``interval_80_coverage`` and ``interval_80_width``.

    Args:
        measured: The observations.
        users: Shape (n_users,), users to keep.
        movies: Shape (n_movies,), movies to keep.

    Returns:
        The metrics by key; empty where no rating is left.
    """
    kept = users[measured.pair_users] & movies[measured.pair_movies]
    if not kept.any():
        return {}
    owners, errors = measured.pair_users[kept], measured.errors[kept]
    n_users = measured.user_ids.size
    n_ratings = np.bincount(owners, minlength=n_users)
    has = n_ratings > 0
    ids, counts = measured.user_ids[has], n_ratings[has].astype(np.float64)
    observed: dict[str, FloatArray] = {"rmse": errors**2, "mae": np.abs(errors)}
    for level, hits in measured.intervals.items():
        observed[f"interval_{100 * level:g}_coverage"] = hits.held[kept].astype(np.float64)
        observed[f"interval_{100 * level:g}_width"] = hits.widths[kept]
    return {
        key: UserTotals(
            ids,
            np.bincount(owners, weights=values, minlength=n_users)[has].astype(np.float64),
            counts,
            root=key == "rmse",
        )
        for key, values in observed.items()
    }


def ranking_totals(
    measured: Measurements, users: BoolArray, movies: BoolArray, k_values: tuple[int, ...]
) -> dict[str, UserTotals]:
    """Return the ranking metrics of the masked users, where only masked movies are relevant.

    The lists stay as they are. A user without a relevant movie among the masked ones is left out.

    Args:
        measured: The observations.
        users: Shape (n_users,), users to keep.
        movies: Shape (n_movies,), movies that count as relevant.
        k_values: List lengths.

    Returns:
        The metrics by key, as in `ranking_scores`; empty where no user is left.
    """
    counted = movies[measured.relevant_movies]
    n_relevant = np.bincount(measured.relevant_lists[counted], minlength=measured.list_users.size)
    kept = users[measured.list_users] & (n_relevant > 0)
    if not kept.any():
        return {}
    hits = measured.hits[kept] & movies[measured.lists.movies[kept]]
    ids = measured.lists.user_ids[kept]
    ones = np.ones(ids.size)
    return {
        key: UserTotals(ids, values, ones)
        for k in k_values
        for key, values in ranking_scores(hits, n_relevant[kept], k).items()
    }


def _known(split: Split, part: Part) -> RatedMovies:
    earlier = [split.train.ratings]
    if part == "test":
        earlier.append(split.validation)
    return RatedMovies(pd.concat([frame[["user_id", "movie_id"]] for frame in earlier]))


def _draw_users(
    relevant_users: IntArray, settings: EvaluationSettings, seed: int, dataset: str
) -> IntArray:
    eligible = np.unique(relevant_users)
    if eligible.size == 0:
        raise DataError(
            f"no measured rating reaches {settings.relevance_threshold:g} stars, so that no "
            "ranking metric is defined",
            place=dataset,
            remedy="Lower evaluation.relevance_threshold to suit this rating scale.",
        )
    if eligible.size <= settings.max_users:
        return eligible
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(eligible, size=settings.max_users, replace=False))


def _count(column: pd.Series[int], ids: IntArray) -> IntArray:
    found, counts = np.unique(column.to_numpy(), return_counts=True)
    result = np.zeros(ids.size, dtype=np.int64)
    present = np.isin(ids, found)
    result[present] = counts[np.searchsorted(found, ids[present])]
    return result
