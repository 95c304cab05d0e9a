"""What changes in a recommender's answers as such: its lists, their reach, and who asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from events.labels import ShownList
from recommender.inference import Recommender
from recommender.reference.facts import ModelFacts
from recommender.scale import IntArray


@dataclass(frozen=True)
class ListChange:
    """How the lists of fixed users differ between two models.

    Attributes:
        users: How many users were asked.
        overlap: Mean share of a list that stands in the other as well.
        rank_correlation: Mean Spearman correlation of the ranks in both lists, over the movies of
            either; a movie that a list lacks has the rank after its last.
    """

    users: int
    overlap: float
    rank_correlation: float


@dataclass(frozen=True)
class Reach:
    """What was shown in a window, to whom.

    Attributes:
        lists: How many lists were looked at.
        coverage: Share of the catalogue in any of them.
        popularity_lift: Mean popularity of what was shown, in that of the catalogue.
        cold_users: Share of the lists for someone whom the model does not know.
    """

    lists: int
    coverage: float
    popularity_lift: float
    cold_users: float


def list_change(
    now: Recommender, before: Recommender, *, n_users: int, list_length: int
) -> ListChange | None:
    """Compare the lists of users whom both models know, the same ones every time.

    Returns:
        The comparison, or ``None`` where no user is known to both.
    """
    both = np.intersect1d(now.user_ids, before.user_ids)
    if not both.size:
        return None
    places = np.unique(np.linspace(0, both.size - 1, n_users).astype(np.int64))
    pairs = [
        (
            now.recommend(int(user), list_length).movie_ids,
            before.recommend(int(user), list_length).movie_ids,
        )
        for user in both[places]
    ]
    return ListChange(
        len(pairs),
        float(np.mean([overlap(*pair) for pair in pairs])),
        float(np.mean([rank_correlation(*pair) for pair in pairs])),
    )


def overlap(first: IntArray, second: IntArray) -> float:
    """Return the share of the longer list that stands in both.

    >>> overlap(np.array([1, 2]), np.array([2, 3]))
    0.5
    """
    longest = max(first.size, second.size)
    return np.intersect1d(first, second).size / longest if longest else 1.0


def rank_correlation(first: IntArray, second: IntArray) -> float:
    """Return the Spearman correlation of two lists over the movies of either.

    >>> rank_correlation(np.array([1, 2, 3]), np.array([1, 2, 3]))
    1.0
    >>> rank_correlation(np.array([1, 2, 3]), np.array([3, 2, 1]))
    -1.0
    """
    if np.array_equal(first, second):
        return 1.0
    movies = np.union1d(first, second)
    found = spearmanr(_ranks(movies, first), _ranks(movies, second)).statistic
    # Of one movie, or of ranks that are all the same, there is no correlation.
    return round(float(found), 12) if np.isfinite(found) else 0.0


def reach(lists: Sequence[ShownList], facts: ModelFacts) -> Reach | None:
    """Return what was shown in lists, ``None`` without any."""
    if not lists:
        return None
    movies = np.array([movie for shown in lists for movie in shown.movie_ids], dtype=np.int64)
    known = [shown.user_id for shown in lists if shown.user_id is not None]
    strangers = len(lists) - int((facts.activity(known) > 0).sum()) if known else len(lists)
    shown_popularity = facts.popularity(movies)
    average = facts.mean_popularity
    lift = float(shown_popularity.mean()) / average if shown_popularity.size and average else 0.0
    return Reach(
        len(lists),
        facts.count_known(np.unique(movies)) / facts.n_movies,
        lift,
        strangers / len(lists),
    )


def _ranks(movies: IntArray, listed: IntArray) -> IntArray:
    ranks = np.full(movies.size, listed.size, dtype=np.int64)
    ranks[np.searchsorted(movies, listed)] = np.arange(listed.size)
    return ranks
