"""How well ranked lists find the movies that users liked, and how they spread over the catalogue.

Accuracy metrics start from a hit matrix: one row a user, one column a place in the list, true
where the movie at that place is relevant to that user. Relevance is binary (a test rating at or
above a threshold): graded gains would reward the rating scale's habits of each user, and the
threshold is what the product asks, "did we show a movie this user came to like?". Each function
returns one value a user, so that means, slices and bootstrap intervals share the same numbers.

Formulas, edge cases and sources are in docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.scale import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

#: Metric key stems of `ranking_scores`, each followed by ``_at_<k>``.
RANKING_METRICS = ("precision", "recall", "ndcg", "map", "hit_rate", "mrr")


def mark_hits(
    ranked: Sequence[IntArray], relevant: Sequence[IntArray], width: int
) -> tuple[BoolArray, IntArray]:
    """Return the hit matrix of ranked lists and the number of relevant movies of each user.

    Args:
        ranked: For each user the movie ids shown, best first, without repeats.
        relevant: For each user the ids of the movies that are relevant, without repeats.
        width: Columns of the matrix. Longer lists are cut, and the places that a shorter list
            leaves empty are misses.

    Returns:
        The hit matrix, shape (n_users, width), and the counts, shape (n_users,).

    >>> hits, n_relevant = mark_hits([np.array([7, 5, 9])], [np.array([5, 8])], width=4)
    >>> hits.astype(int).tolist(), n_relevant.tolist()
    ([[0, 1, 0, 0]], [2])
    """
    hits = np.zeros((len(ranked), width), dtype=bool)
    for row, (shown, liked) in enumerate(zip(ranked, relevant, strict=True)):
        hits[row, : min(width, len(shown))] = np.isin(shown[:width], liked)
    return hits, np.array([len(liked) for liked in relevant], dtype=np.int64)


def precision_at_k(hits: BoolArray, k: int) -> FloatArray:
    """Return the share of the first ``k`` places that are hits, shape (n_users,).

    The divisor is ``k`` even where the list is shorter: an empty place is a miss.

    >>> precision_at_k(np.array([[True, False, True, False]]), 4).tolist()
    [0.5]
    >>> precision_at_k(np.array([[True]]), 4).tolist()
    [0.25]
    """
    return np.asarray(_first(hits, k).sum(axis=1) / k, dtype=np.float64)


def recall_at_k(hits: BoolArray, n_relevant: IntArray, k: int) -> FloatArray:
    """Return the share of the relevant movies that are in the first ``k``, shape (n_users,).

    With more than ``k`` relevant movies the best possible value is below 1.

    >>> recall_at_k(np.array([[True, False, True]]), np.array([4]), 3).tolist()
    [0.5]
    """
    _check_relevant(n_relevant)
    return np.asarray(_first(hits, k).sum(axis=1) / n_relevant, dtype=np.float64)


def ndcg_at_k(hits: BoolArray, n_relevant: IntArray, k: int) -> FloatArray:
    """Return the normalised discounted cumulative gain of the first ``k``, shape (n_users,).

    A hit at place i (from 1) gains ``1 / log2(i + 1)``; the sum is divided by that of the best
    list possible, ``min(n_relevant, k)`` hits in front (Järvelin and Kekäläinen, 2002).

    >>> ndcg_at_k(np.array([[True, False]]), np.array([1]), 2).tolist()
    [1.0]
    >>> float(ndcg_at_k(np.array([[False, True]]), np.array([1]), 2)[0].round(6))
    0.63093
    """
    _check_relevant(n_relevant)
    shown = _first(hits, k)
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)
    gained = shown @ discounts[: shown.shape[1]]
    best = np.cumsum(discounts)[np.minimum(n_relevant, k) - 1]
    return np.asarray(gained / best, dtype=np.float64)


def average_precision_at_k(hits: BoolArray, n_relevant: IntArray, k: int) -> FloatArray:
    """Return the average precision of the first ``k``, shape (n_users,); its mean is MAP.

    The precision at each hit, summed and divided by ``min(n_relevant, k)``, so that a perfect
    list scores 1 whatever its length.

    >>> average_precision_at_k(np.array([[True, False, True]]), np.array([2]), 3).round(4).tolist()
    [0.8333]
    """
    _check_relevant(n_relevant)
    shown = _first(hits, k)
    precisions = np.cumsum(shown, axis=1) / np.arange(1, shown.shape[1] + 1)
    return np.asarray(
        (precisions * shown).sum(axis=1) / np.minimum(n_relevant, k), dtype=np.float64
    )


def hit_rate_at_k(hits: BoolArray, k: int) -> FloatArray:
    """Return 1 for each user with a hit in the first ``k``, else 0, shape (n_users,).

    >>> hit_rate_at_k(np.array([[False, True], [False, False]]), 2).tolist()
    [1.0, 0.0]
    """
    return np.asarray(_first(hits, k).any(axis=1), dtype=np.float64)


def reciprocal_rank_at_k(hits: BoolArray, k: int) -> FloatArray:
    """Return 1 / place of the first hit, 0 without one in the first ``k``, shape (n_users,).

    >>> reciprocal_rank_at_k(np.array([[False, True], [False, False]]), 2).tolist()
    [0.5, 0.0]
    """
    shown = _first(hits, k)
    return np.asarray(shown.any(axis=1) / (np.argmax(shown, axis=1) + 1.0), dtype=np.float64)


def ranking_scores(hits: BoolArray, n_relevant: IntArray, k: int) -> dict[str, FloatArray]:
    """Return every accuracy metric at ``k`` by its key, each of shape (n_users,).

    >>> scores = ranking_scores(np.array([[True, False]]), np.array([2]), 2)
    >>> {key: float(value[0].round(3)) for key, value in scores.items()}
    {'precision_at_2': 0.5, 'recall_at_2': 0.5, 'ndcg_at_2': 0.613, 'map_at_2': 0.5, \
'hit_rate_at_2': 1.0, 'mrr_at_2': 1.0}
    """
    values = (
        precision_at_k(hits, k),
        recall_at_k(hits, n_relevant, k),
        ndcg_at_k(hits, n_relevant, k),
        average_precision_at_k(hits, n_relevant, k),
        hit_rate_at_k(hits, k),
        reciprocal_rank_at_k(hits, k),
    )
    return {f"{stem}_at_{k}": value for stem, value in zip(RANKING_METRICS, values, strict=True)}


def catalogue_coverage(exposure: IntArray) -> float:
    """Return the share of the catalogue that was shown to anyone.

    Args:
        exposure: Shape (n_movies,), how often each movie of the catalogue was shown.

    >>> catalogue_coverage(np.array([3, 0, 1, 0]))
    0.5
    """
    if exposure.size == 0:
        raise ValueError("the coverage of an empty catalogue is undefined")
    return float(np.count_nonzero(exposure) / exposure.size)


def gini_of_exposure(exposure: IntArray) -> float:
    """Return the Gini coefficient of exposure over the whole catalogue.

    0 where every movie is shown equally often, ``1 - 1 / n_movies`` where one movie takes every
    place.

    Args:
        exposure: Shape (n_movies,), how often each movie was shown, at least one above 0.

    >>> gini_of_exposure(np.array([1, 1, 1, 1]))
    0.0
    >>> gini_of_exposure(np.array([0, 0, 0, 4]))
    0.75
    """
    total = exposure.sum()
    if total <= 0:
        raise ValueError("the Gini coefficient of no exposure is undefined")
    rising = np.sort(exposure.astype(np.float64))
    weights = 2.0 * np.arange(1, rising.size + 1) - rising.size - 1.0
    return float(weights @ rising / (rising.size * total))


def self_information(n_raters: IntArray, n_users: int) -> FloatArray:
    """Return how surprising it is that a training user knows each movie, in bits.

    ``-log2((n_raters + 1) / (n_users + 1))``: 0 for a movie that everyone rated,
    ``log2(n_users + 1)`` for one that nobody did. The added one keeps the latter finite. The mean
    over shown movies is the novelty of the lists (Zhou et al., 2010).

    Args:
        n_raters: Shape (n_movies,), training users who rated each movie.
        n_users: Users in the training data.

    >>> self_information(np.array([3, 1, 0]), n_users=3).tolist()
    [0.0, 1.0, 2.0]
    """
    shares = (np.asarray(n_raters, dtype=np.float64) + 1.0) / (n_users + 1.0)
    return np.asarray(np.abs(np.log2(shares)), dtype=np.float64)


def _first(hits: BoolArray, k: int) -> BoolArray:
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    return hits[:, :k]


def _check_relevant(n_relevant: IntArray) -> None:
    if np.any(n_relevant < 1):
        raise ValueError("a user without relevant movies has no ranking metric; leave them out")
