"""What a retraining would learn, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from monitoring.decision import NewData
from monitoring.settings import DecisionSettings
from recommender.data.additions import Additions
from recommender.inference import Recommender
from recommender.scale import IntArray

_DAY = 86_400.0


def assess(
    additions: Additions,
    production: Recommender,
    trained_on: int,
    settings: DecisionSettings,
    now: float,
) -> NewData:
    """Count the ratings that production has not seen, and look for what is wrong with them.

    Args:
        additions: What the site adds to the data set.
        production: The model that is served.
        trained_on: How many ratings it knows.
        settings: What is tolerated.
        now: Seconds since 1970.
    """
    new = is_new(additions, production)
    problems = _problems(additions, new, production, settings, now)
    return NewData(additions.digest, int(new.sum()), trained_on, tuple(problems))


def is_new(additions: Additions, production: Recommender) -> np.ndarray:
    """Return for each rating whether the model does not know of it, shape (n,)."""
    new = np.ones(additions.user_ids.size, dtype=np.bool_)
    users, owner = np.unique(additions.user_ids, return_inverse=True)
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(users.size + 1))
    for number, user in enumerate(users):
        places = order[starts[number] : starts[number + 1]]
        new[places] = ~np.isin(additions.movie_ids[places], production.seen(int(user)))
    return new


def _problems(
    additions: Additions,
    new: np.ndarray,
    production: Recommender,
    settings: DecisionSettings,
    now: float,
) -> Iterator[str]:
    count = int(new.sum())
    if count < settings.min_checked:
        return
    unusable = _unusable(additions, production, now) & new
    share = unusable.sum() / count
    if share > settings.max_unusable:
        yield (
            f"{share:.1%} of {count:,} new ratings are of an unknown movie, off the scale or of an "
            f"impossible time (at most {settings.max_unusable:.0%})."
        )
    user, most = _busiest(additions.user_ids[new])
    if most / count > settings.max_one_user:
        yield (
            f"{most / count:.1%} of {count:,} new ratings are by user {user} "
            f"(at most {settings.max_one_user:.0%})."
        )


def _unusable(additions: Additions, production: Recommender, now: float) -> np.ndarray:
    scale, stars, times = production.scale, additions.ratings, additions.timestamps
    unknown: np.ndarray = ~np.isin(additions.movie_ids, production.movie_ids)
    off_scale = (stars < scale.minimum) | (stars > scale.maximum)
    # A client's clock may run ahead by some hours.
    impossible = (times < 0) | (times > now + _DAY)
    return unknown | off_scale | impossible


def _busiest(users: IntArray) -> tuple[int, int]:
    found, counts = np.unique(users, return_counts=True)
    place = int(counts.argmax())
    return int(found[place]), int(counts[place])
