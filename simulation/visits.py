"""When viewers join, how often they return, and how many films they rate on each visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.errors import UsageError
from recommender.scale import FloatArray, IntArray
from simulation.parameters import SimulationParameters

_DAY = 86400


@dataclass(frozen=True)
class Visits:
    """Visits of all viewers, sorted by viewer and time.

    Attributes:
        user: Shape (n,), position of the viewer.
        number: Shape (n,), 0 for a viewer's first visit, 1 for the next, and so on.
        time: Shape (n,), seconds since 1970.
        count: Shape (n,), films rated, at least 1.
    """

    user: IntArray
    number: IntArray
    time: FloatArray
    count: IntArray


def draw_activity(
    parameters: SimulationParameters, n_movies: int, rng: np.random.Generator
) -> IntArray:
    """Return how many films each viewer rates, shape (users,).

    The minimum plus a log-normal amount, scaled and cut so that the sum is exactly
    ``n_ratings``; fractions left by rounding go to those who lost most by it.

    Raises:
        UsageError: So many ratings do not fit into the catalogue.
    """
    most = parameters.most_ratings(n_movies)
    if parameters.n_ratings > parameters.n_users * most:
        raise UsageError(
            f"a viewer gives at most {most} ratings in this catalogue",
            place="ratings",
            value=parameters.n_ratings,
            remedy=f"Ask for {parameters.n_users * most} ratings or fewer.",
        )
    raw = np.exp(parameters.activity_spread * rng.standard_normal(parameters.n_users))
    low, high = 0.0, most / raw.min()
    for _ in range(100):
        middle = (low + high) / 2
        amount = np.minimum(parameters.activity_minimum + middle * raw, most)
        low, high = (middle, high) if amount.sum() < parameters.n_ratings else (low, middle)
    amount = np.minimum(parameters.activity_minimum + low * raw, most)
    activity = np.floor(amount).astype(np.int64)
    missing = parameters.n_ratings - int(activity.sum())
    activity[np.argsort(activity - amount, kind="stable")[:missing]] += 1
    return activity


def draw_visits(
    activity: IntArray, parameters: SimulationParameters, rng: np.random.Generator
) -> Visits:
    """Draw visits with ``activity`` (shape (users,)) films in all for each viewer.

    Viewers are numbered in order of joining. The first visit is the longest; the rest of a
    viewer's ratings fall evenly on later visits, which spread over the time that the viewer
    stays. The more a viewer rates, the longer that is.
    """
    n = len(activity)
    period = parameters.end - parameters.start - 2 * _DAY
    joined = np.sort(1 - rng.random(n) ** (1 / parameters.join_decay)) * period
    stay = 1 - np.exp(-rng.exponential(size=n) * activity / parameters.loyalty)
    first = np.minimum(activity, 1 + rng.poisson(parameters.first_visit - 1, n))
    later = activity - first
    n_later = np.where(later > 0, 1 + rng.poisson(later / parameters.later_visit), 0)
    user = np.repeat(np.arange(n), 1 + n_later)
    is_first = np.r_[True, user[1:] != user[:-1]]
    elapsed = np.where(is_first, 0.0, rng.random(len(user))) * (stay * (period - joined))[user]
    count = np.where(is_first, first[user], 0)
    starts = np.flatnonzero(is_first)
    owner = np.repeat(np.arange(n), later)
    chosen = starts[owner] + 1 + np.floor(rng.random(len(owner)) * n_later[owner]).astype(np.int64)
    count += np.bincount(chosen, minlength=len(user))
    order = np.lexsort((elapsed, user))
    order = order[count[order] > 0]
    user = user[order]
    number = np.arange(len(user)) - np.searchsorted(user, user)
    time = parameters.start + joined[user] + elapsed[order]
    return Visits(user=user, number=number, time=time, count=count[order])
