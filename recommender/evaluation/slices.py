"""Metrics of parts of the traffic: warm and cold, head and tail, active and quiet.

An average hides whom a model fails. Each slice is a mask over users or over movies, made from
training ratings alone. Definitions are in docs/metrics.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recommender.evaluation.bootstrap import bootstrap_intervals
from recommender.evaluation.measurements import Measurements, ranking_totals, rating_totals
from recommender.evaluation.ranking import BoolArray
from recommender.scale import IntArray

#: Share of the training ratings that the head movies hold together.
HEAD_SHARE = 0.5
#: Fewest training ratings of each activity bucket of warm users.
ACTIVITY_STARTS = (1, 10, 50, 200)


@dataclass(frozen=True)
class SliceRow:
    """The metrics of one slice.

    Attributes:
        group: What the slices are by: ``users``, ``activity``, ``movies`` or ``popularity``.
        name: The slice, for example ``cold`` or ``10-49``.
        n_ratings: Measured ratings in it.
        n_users: Users who gave them.
        n_ranked: Users over whom the ranking metrics are averaged.
        metrics: By key; a metric over nothing is absent.
        intervals: ``(low, high)`` by key, where there are enough users for one.
    """

    group: str
    name: str
    n_ratings: int
    n_users: int
    n_ranked: int
    metrics: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)


def head_movies(n_ratings: IntArray, share: float = HEAD_SHARE) -> BoolArray:
    """Return which movies are the head: the fewest that together hold ``share`` of the ratings.

    Movies are taken from the most rated down, equal ones in catalogue order, until the share is
    reached.

    Args:
        n_ratings: Shape (n_movies,), training ratings of each movie.
        share: Share of all training ratings, in (0, 1].

    >>> head_movies(np.array([1, 6, 2, 1])).tolist()
    [False, True, False, False]
    >>> head_movies(np.array([2, 2, 2, 2])).tolist()
    [True, True, False, False]
    """
    order = np.argsort(-n_ratings, kind="stable")
    before = np.cumsum(n_ratings[order]) - n_ratings[order]
    head = np.zeros(n_ratings.size, dtype=bool)
    head[order] = (before < share * n_ratings.sum()) & (n_ratings[order] > 0)
    return head


def activity_buckets(n_ratings: IntArray) -> dict[str, BoolArray]:
    """Return the warm users of each activity bucket, by its name.

    Args:
        n_ratings: Shape (n_users,), training ratings of each user.

    >>> {name: mask.tolist() for name, mask in activity_buckets(np.array([0, 9, 250])).items()}
    {'1-9': [False, True, False], '10-49': [False, False, False], \
'50-199': [False, False, False], '200+': [False, False, True]}
    """
    buckets = {}
    for start, end in zip(ACTIVITY_STARTS, (*ACTIVITY_STARTS[1:], None), strict=True):
        name = f"{start}+" if end is None else f"{start}-{end - 1}"
        buckets[name] = (n_ratings >= start) & (True if end is None else n_ratings < end)
    return buckets


def slice_rows(
    measured: Measurements, k: int, *, n_samples: int, confidence: float, seed: int
) -> tuple[SliceRow, ...]:
    """Return every slice of ``measured``, the empty ones too, with ranking metrics at ``k``.

    Args:
        measured: The observations of one model.
        k: List length of the ranking metrics.
        n_samples: Resamples of users behind the intervals.
        confidence: Level of the intervals, in (0, 1).
        seed: Seed of the resamples.
    """
    users, movies = measured.user_ratings, measured.movie_ratings
    head = head_movies(movies)
    by_user = {("users", "warm"): users > 0, ("users", "cold"): users == 0}
    by_user |= {("activity", name): mask for name, mask in activity_buckets(users).items()}
    by_movie = {
        ("movies", "warm"): movies > 0,
        ("movies", "cold"): movies == 0,
        ("popularity", "head"): head,
        ("popularity", "tail"): ~head & (movies > 0),
    }
    masks = {key: (mask, measured.all_movies) for key, mask in by_user.items()}
    masks |= {key: (measured.all_users, mask) for key, mask in by_movie.items()}
    rows = []
    for (group, name), (user_mask, movie_mask) in masks.items():
        rating = rating_totals(measured, user_mask, movie_mask)
        ranking = ranking_totals(measured, user_mask, movie_mask, (k,))
        both = rating | ranking
        row = SliceRow(
            group=group,
            name=name,
            n_ratings=int(rating["rmse"].counts.sum()) if rating else 0,
            n_users=rating["rmse"].user_ids.size if rating else 0,
            n_ranked=ranking[f"ndcg_at_{k}"].user_ids.size if ranking else 0,
            metrics={key: totals.value for key, totals in both.items()},
            intervals=bootstrap_intervals(
                both, n_samples=n_samples, confidence=confidence, seed=seed
            ),
        )
        rows.append(row)
    return tuple(rows)
