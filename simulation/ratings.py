"""The ratings: which films viewers watch on their visits, and how many stars they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recommender.scale import FloatArray, IntArray, RatingScale
from simulation.films import Films
from simulation.parameters import SimulationParameters
from simulation.viewers import Viewers
from simulation.visits import Visits, draw_activity, draw_visits

#: Mean seconds between two ratings of one visit.
PACE = 30.0


@dataclass(frozen=True)
class Simulation:
    """A drawn world and its ratings.

    Attributes:
        viewers: The viewers, with their films.
        ratings: Frame of ``recommender.schema.RATING_DTYPES``, sorted by user and movie.
        scores: Shape (ratings,), the noiseless score behind each rating, in stars.
    """

    viewers: Viewers
    ratings: pd.DataFrame
    scores: FloatArray

    @property
    def steps(self) -> FloatArray:
        """Distance between the ratings that each rating's viewer gives, shape (ratings,)."""
        steps: FloatArray = self.viewers.step[self.ratings["user_id"].to_numpy() - 1]
        return steps


def simulate(catalogue: pd.DataFrame, parameters: SimulationParameters) -> Simulation:
    """Draw viewers of ``catalogue`` (a frame of `read_catalogue`) and let them rate.

    Returns:
        The world; the same catalogue and parameters give the same world.

    Raises:
        UsageError: The sizes do not fit the catalogue.
    """
    streams = parameters.streams()
    films = Films.draw(catalogue, parameters, streams)
    viewers = Viewers.draw(films, parameters, streams["viewers"])
    activity = draw_activity(parameters, len(catalogue), streams["visits"])
    visits = draw_visits(activity, parameters, streams["visits"])
    frame = watch(viewers, visits, streams["choices"])
    scores = viewers.true_score(frame["user_id"], frame["movie_id"], frame["timestamp"])
    noise = parameters.noise * streams["noise"].standard_normal(len(frame))
    steps = viewers.step[frame["user_id"].to_numpy() - 1]
    frame["rating"] = to_stars(scores + noise, steps).astype(np.float32)
    return Simulation(viewers, frame[["user_id", "movie_id", "rating", "timestamp"]], scores)


def watch(viewers: Viewers, visits: Visits, rng: np.random.Generator) -> pd.DataFrame:
    """Let viewers choose films they have not rated, by `Viewers.appeal`, on each visit.

    The films of one visit are the highest of appeal plus Gumbel noise, which draws them one
    after the other without replacement (the Gumbel-top-k trick, Kool et al. 2019).

    Returns:
        Frame with ``user_id`` and ``movie_id`` (int32) and ``timestamp`` (int64), sorted by
        user and movie.
    """
    n_films = len(viewers.films.movie_ids)
    seen = np.zeros((len(viewers.bias), n_films), dtype=bool)
    parts = []
    for number in range(int(visits.number.max()) + 1):
        rows = np.flatnonzero(visits.number == number)
        users, times, counts = visits.user[rows], visits.time[rows], visits.count[rows]
        appeal = viewers.appeal(users, times) + rng.gumbel(size=(len(rows), n_films))
        appeal[seen[users]] = -np.inf
        order = np.argsort(-appeal, axis=1, kind="stable")
        visit, rank = np.nonzero(np.arange(counts.max()) < counts[:, None])
        movies = order[visit, rank]
        seen[users[visit], movies] = True
        gaps = np.where(rank > 0, 1 + rng.exponential(PACE, len(rank)), 0.0)
        within = np.cumsum(gaps) - np.cumsum(gaps)[np.searchsorted(visit, visit)]
        parts.append((users[visit], movies, times[visit] + within))
    users, movies, times = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _in_order(viewers, users, movies, times)


def to_stars(values: FloatArray, steps: FloatArray) -> FloatArray:
    """Round ``values`` to each viewer's ``steps`` (0.5 or 1) and limit them to the scale.

    >>> to_stars(np.array([3.6, 3.6, 0.1, 0.1, 9.0]), np.array([0.5, 1.0, 0.5, 1.0, 0.5])).tolist()
    [3.5, 4.0, 0.5, 1.0, 5.0]
    """
    return np.clip(np.rint(values / steps) * steps, steps, RatingScale().maximum)


def _in_order(
    viewers: Viewers, users: IntArray, movies: IntArray, times: FloatArray
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "user_id": (users + 1).astype(np.int32),
            "movie_id": viewers.films.movie_ids[movies],
            "timestamp": times.astype(np.int64),
        }
    )
    return frame.sort_values(["user_id", "movie_id"], ignore_index=True)
