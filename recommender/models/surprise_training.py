"""scikit-surprise: a training set without its slow loops over ids, and its models as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from surprise import Trainset

from recommender.inference.estimates import FactorEstimates
from recommender.models.indexed import IndexedRatings, Positions


def make_trainset(data: IndexedRatings) -> tuple[Trainset, Positions, Positions]:
    """Return Surprise's training set, and the users and movies behind its inner ids.

    Surprise needs inner ids without gaps, so users and movies without ratings have none.

    Returns:
        The training set, the positions of its users and the positions of its movies, both rising.
    """
    users, inner_users = np.unique(data.users, return_inverse=True)
    movies, inner_movies = np.unique(data.movies, return_inverse=True)
    trainset = Trainset(
        ur=_grouped(inner_users, inner_movies, data.stars),
        ir=_grouped(inner_movies, inner_users, data.stars),
        n_users=users.size,
        n_items=movies.size,
        n_ratings=len(data),
        rating_scale=(data.scale.minimum, data.scale.maximum),
        raw2inner_id_users=_inner_ids(data.user_index.ids[users]),
        raw2inner_id_items=_inner_ids(data.movie_index.ids[movies]),
    )
    return trainset, users, movies


def export_factors(
    algorithm: Any, data: IndexedRatings, users: Positions, movies: Positions, mean: float
) -> FactorEstimates:
    """Return what a matrix factorization of Surprise has learned, by position.

    Args:
        algorithm: A fitted ``SVD`` or ``NMF``.
        data: What it was fitted on.
        users: Positions behind its inner user ids.
        movies: Positions behind its inner movie ids.
        mean: The level that it adds.
    """
    return FactorEstimates(
        mean=mean,
        user_bias=_spread(algorithm.bu, users, data.n_users),
        movie_bias=_spread(algorithm.bi, movies, data.n_movies),
        user_factors=_spread(algorithm.pu, users, data.n_users),
        movie_factors=_spread(algorithm.qi, movies, data.n_movies),
    )


def _grouped(
    groups: npt.NDArray[Any], others: npt.NDArray[Any], stars: npt.NDArray[np.float64]
) -> dict[int, list[tuple[int, float]]]:
    order = np.argsort(groups, kind="stable")
    pairs = list(zip(others[order].tolist(), stars[order].tolist(), strict=True))
    ends = np.cumsum(np.bincount(groups)).tolist()
    starts = [0, *ends[:-1]]
    return {
        group: pairs[start:end] for group, (start, end) in enumerate(zip(starts, ends, strict=True))
    }


def _inner_ids(ids: npt.NDArray[Any]) -> dict[int, int]:
    return {raw: inner for inner, raw in enumerate(ids.tolist())}


def _spread(
    values: npt.NDArray[np.float64], positions: Positions, n: int
) -> npt.NDArray[np.float64]:
    """Return ``values`` at ``positions`` of ``n + 1`` rows, zeros elsewhere."""
    spread = np.zeros((n + 1, *values.shape[1:]))
    spread[positions] = values
    return spread
