"""Fewer users, where all of them are more than a question needs."""

from __future__ import annotations

import logging

import numpy as np

from recommender.models.indexed import IndexedRatings

_log = logging.getLogger(__name__)


def some_users(data: IndexedRatings, most: int, seed: int) -> IndexedRatings:
    """Return the ratings of as many users as have ``most`` ratings together, or all of them.

    Users are drawn by chance and keep all that they rated; what is left out is logged.

    Args:
        data: The ratings.
        most: Most ratings to keep, but for the user with whom they are reached.
        seed: Seed of the draw.
    """
    if len(data) <= most:
        return data
    counts = data.user_counts
    drawn = np.random.default_rng(seed).permutation(counts.size)
    kept = drawn[: np.searchsorted(np.cumsum(counts[drawn]), most) + 1]
    chosen = np.zeros(counts.size, dtype=np.bool_)
    chosen[kept] = True
    sample = data.only(chosen[data.users])
    _log.info(
        "the weights of the blends are set on %s of %s ratings, of %s users",
        f"{len(sample):,}",
        f"{len(data):,}",
        f"{np.count_nonzero(counts[kept]):,}",
    )
    return sample
