"""How well somebody who knew the simulated viewers could rank movies without ratings.

A viewer of the sample watches by a known law and rates by another one. Whoever knew both, and the
part of a movie's popularity that no fact about it tells, would rank by how likely the viewer is to
watch it and like it. Nothing that learns from ratings can do better, but by chance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from recommender.inference.histories import Viewer
from recommender.models.indexed import Floats, IndexedRatings
from recommender.schema import Dataset
from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import simulate
from simulation.viewers import Viewers

#: Moments of a viewer's past for which the chance to watch is taken.
_MOMENTS = 8
_LIKED_STARS = 4.0
_COLUMNS = ["user_id", "movie_id", "rating", "timestamp"]


def viewers_of(dataset: Dataset) -> Viewers | None:
    """Return those who gave the ratings, or ``None`` where it is not the sample as it is made."""
    if not dataset.simulated:
        return None
    simulation = simulate(read_catalogue(), SimulationParameters())
    made, read = (
        frame[_COLUMNS].sort_values(_COLUMNS[:2]).to_numpy(np.float64)
        for frame in (simulation.ratings, dataset.ratings)
    )
    return simulation.viewers if np.array_equal(made, read) else None


def knowing(
    viewers: Viewers, dataset: Dataset, trained: IndexedRatings
) -> Callable[[Viewer], Floats]:
    """Return what scores all movies for a viewer by the chance to be watched and liked.

    Args:
        viewers: Those of `viewers_of`.
        dataset: All ratings, whose times are when the viewers were there.
        trained: The ratings whose positions the scores follow.
    """
    times = dataset.ratings.groupby("user_id")["timestamp"].agg(np.sort)
    movies = np.searchsorted(viewers.films.movie_ids, trained.movie_index.ids)

    def score(viewer: Viewer) -> Floats:
        if viewer.position < 0:
            return np.zeros(movies.size)
        user = int(trained.user_index.ids[viewer.position])
        moments = np.asarray(times[user], dtype=np.float64)
        moments = moments[:: max(1, moments.size // _MOMENTS)]
        appeal = viewers.appeal(np.full(moments.size, user - 1), moments)[:, movies]
        watched = np.exp(appeal - appeal.max(axis=1, keepdims=True)).mean(axis=0)
        ids = trained.movie_index.ids
        stars = viewers.true_score(np.full(ids.size, user), ids, float(moments.mean()))
        least = _LIKED_STARS - viewers.step[user - 1] / 2.0
        return np.asarray(watched * ndtr((stars - least) / viewers.parameters.noise))

    return score
