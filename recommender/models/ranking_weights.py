"""Chooses the weights of the ranking blend on ratings that its parts did not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recommender.inference.scores import RankingBlend
from recommender.models.interactions import Interactions
from recommender.schema import FloatArray, IntArray

K = 10
#: A movie counts as liked from this share of the scale on: 4 stars of 5.
_LIKED_SHARE = 0.8
_MAX_USERS = 1500
_GRIDS: Mapping[str, tuple[float, ...]] = {
    "content": (0.0, 0.02, 0.05, 0.1, 0.2, 0.4),
    "popularity": (0.0, 0.05, 0.1, 0.2, 0.4, 0.8),
    "quality": (0.0, 0.02, 0.05, 0.1, 0.2),
}
_ROUNDS = 2
#: Smallest gain in NDCG for which a weight is moved: below it is noise.
_MIN_GAIN = 0.001


@dataclass(frozen=True, eq=False)
class _Case:
    """One user of the held-out time: the columns of every open movie, and which were liked."""

    columns: Mapping[str, FloatArray]
    liked: np.ndarray[tuple[int], np.dtype[np.bool_]]
    ideal: float


def choose_ranking_weights(
    blend: RankingBlend, past: Interactions, future: Interactions, *, seed: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the weights, with and without a history, that maximize NDCG@10 in the held-out time.

    One weight at a time is moved over a grid, two rounds; a weight moves only for a gain of at
    least 0.001, so that noise leaves the blend as it is given.

    Args:
        blend: Parts fitted on ``past``, with the weights to start from.
        past: Ratings before the cut.
        future: Ratings after it, over the same users and movies.
        seed: Seed of the sample of users where there are more than 1,500.
    """
    liked = future.rating >= _LIKED_SHARE * future.scale.maximum
    users = np.unique(future.user[liked])
    if users.size > _MAX_USERS:
        users = np.sort(np.random.default_rng(seed).choice(users, _MAX_USERS, replace=False))
    known = past.user_counts[users] > 0
    personal = [_case(blend, past, future, user) for user in users[known].tolist()]
    impersonal = [_case(blend, past, future, user) for user in users[~known].tolist()]
    return (
        _search(personal, dict(blend.personal), ("content", "popularity", "quality")),
        _search(impersonal, dict(blend.impersonal), ("quality",)),
    )


def _case(blend: RankingBlend, past: Interactions, future: Interactions, user: int) -> _Case:
    history = past.history
    movies, ratings = history.columns_of(user), history.values_of(user)
    open_movies = np.ones(len(past.movies), dtype=bool)
    open_movies[movies] = False
    columns: dict[str, FloatArray] = {
        "popularity": blend.popularity[open_movies],
        "quality": blend.quality[open_movies],
    }
    if movies.size:
        columns["ease"] = blend.ease(movies)[open_movies]
        columns["content"] = blend.content(movies, ratings)[open_movies]
    later = future.history
    good = later.values_of(user) >= _LIKED_SHARE * future.scale.maximum
    liked = np.zeros(len(past.movies), dtype=bool)
    liked[later.columns_of(user)[good]] = True
    liked = liked[open_movies]
    return _Case(columns, liked, float(_discounts(min(K, int(liked.sum()))).sum()))


def _search(
    cases: list[_Case], weights: dict[str, float], names: tuple[str, ...]
) -> dict[str, float]:
    cases = [case for case in cases if case.ideal > 0]
    if not cases:
        return weights
    best = _mean_ndcg(cases, weights)
    for _ in range(_ROUNDS):
        before = dict(weights)
        for name in names:
            for value in _GRIDS[name]:
                tried = {**weights, name: value}
                found = _mean_ndcg(cases, tried)
                if found > best + _MIN_GAIN:
                    best, weights = found, tried
        if weights == before:
            break
    return weights


def _mean_ndcg(cases: list[_Case], weights: Mapping[str, float]) -> float:
    return float(np.mean([_ndcg(case, weights) for case in cases]))


def _ndcg(case: _Case, weights: Mapping[str, float]) -> float:
    scores = np.zeros(case.liked.size)
    for name, weight in weights.items():
        if weight:
            scores += weight * case.columns[name]
    k = min(K, scores.size)
    top = np.argpartition(-scores, k - 1)[:k]
    top = top[np.lexsort((top, -scores[top]))]
    return float((case.liked[top] * _discounts(k)).sum() / case.ideal)


def _discounts(k: int) -> FloatArray:
    return 1.0 / np.log2(np.arange(2, k + 2))


__all__ = ["K", "IntArray", "choose_ranking_weights"]
