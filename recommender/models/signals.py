"""What can be said of a movie for any viewer: how much it is watched, lately, and how liked.

Each function returns one number a movie, shape (n_movies,), for ranking.
"""

from __future__ import annotations

import numpy as np

from recommender.models.indexed import Floats, IndexedRatings

#: A share of one in a thousand viewers is where the logarithm of attention starts to bend; the
#: divisor brings a movie that everyone watches to about 1.
_BEND = 1000.0
_LOG_RANGE = 7.0
#: Share of viewers below which a movie is too little watched to be called rising, and the
#: largest ratio of recent to lasting attention in practice.
_NOTICED = 0.01
_LARGEST_RISE = 5.0


def rating_share(data: IndexedRatings, *, half_life_days: float | None) -> Floats:
    """Return the share of viewers who rated each movie, from 0 to 1.

    With a half-life, a rating that is older by that much counts half, and so does a viewer whose
    latest rating is; ages are taken from the latest rating of all.

    Args:
        data: The ratings.
        half_life_days: In days, or ``None`` if age does not matter.
    """
    if half_life_days is None:
        weights = np.ones(len(data))
    else:
        weights = 0.5 ** (data.age_in_days() / half_life_days)
    viewers = np.zeros(data.n_users)
    np.maximum.at(viewers, data.users, weights)
    sums = np.bincount(data.movies, weights=weights, minlength=data.n_movies)
    return np.asarray(sums / viewers.sum())


def trending(data: IndexedRatings, half_life_days: float) -> Floats:
    """Return recent attention on a logarithmic scale, 0 without any and about 1 at most."""
    share = rating_share(data, half_life_days=half_life_days)
    return np.log1p(_BEND * share) / _LOG_RANGE


def rising(data: IndexedRatings, half_life_days: float) -> Floats:
    """Return recent attention over lasting attention, 0 without any and about 1 at most.

    It is highest for movies that came out lately, whichever year they bear.
    """
    recent = rating_share(data, half_life_days=half_life_days)
    lasting = rating_share(data, half_life_days=None)
    return recent / (lasting + _NOTICED) / _LARGEST_RISE


def quality(data: IndexedRatings, damping: float) -> Floats:
    """Return each movie's mean rating less the global mean, in stars, damped.

    ``sum(r - mean) / (n + damping)``: ``damping`` ratings at the mean are assumed of every movie.
    """
    deviations = np.bincount(data.movies, weights=data.stars - data.mean, minlength=data.n_movies)
    return np.asarray(deviations / (data.movie_counts + damping))
