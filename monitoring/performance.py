"""How well a model did, by what users did with its lists afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from events.labels import Label, ShownList
from events.schema import EventKind
from monitoring.windows import Measured
from recommender.scale import FloatArray

#: Stars from which a rating counts as a movie that was liked.
_RELEVANT_STARS = 4.0

#: Estimates of pairs of users and movies by one model.
Estimate = Callable[[Sequence[int], Sequence[int]], FloatArray]


@dataclass(frozen=True)
class Joined:
    """Lists with what was done on them.

    Attributes:
        lists: What was shown.
        labels: By id of the list.
        join_rate: Share of the labels whose list is known; ``None`` without labels.
        delay_seconds: Median time from a list to a label of it; ``None`` without labels.
    """

    lists: tuple[ShownList, ...]
    labels: Mapping[str, tuple[Label, ...]]
    join_rate: float | None
    delay_seconds: float | None

    def of_model(self, model: str, start: float = 0.0, end: float = math.inf) -> Joined:
        """Return the lists of one model, from ``start`` until before ``end``."""
        lists = tuple(
            shown for shown in self.lists if shown.model == model and start <= shown.time < end
        )
        return Joined(lists, self.labels, self.join_rate, self.delay_seconds)


def join(
    lists: Iterable[ShownList], labels: Iterable[Label], all_ids: set[str], counted_from: float
) -> Joined:
    """Join labels to lists by the id of the list.

    Args:
        lists: Those that are looked at; may be a sample.
        labels: Of any list.
        all_ids: Ids of all lists that are known, looked at or not.
        counted_from: Labels before this time, in seconds since 1970, do not bear on the join rate.
    """
    shown = {item.recommendation_id: item for item in lists}
    found: dict[str, list[Label]] = {}
    delays: list[float] = []
    joined = total = 0
    for label in labels:
        if label.time >= counted_from:
            total += 1
            joined += label.recommendation_id in all_ids
        if label.recommendation_id in shown:
            found.setdefault(label.recommendation_id, []).append(label)
            delays.append(label.time - shown[label.recommendation_id].time)
    return Joined(
        tuple(shown.values()),
        {key: tuple(values) for key, values in found.items()},
        joined / total if total else None,
        float(np.median(delays)) if delays else None,
    )


def performance(joined: Joined, estimate: Estimate | None) -> dict[str, Measured]:
    """Return click-through, NDCG and RMSE of the lists of one model.

    Args:
        joined: Its lists.
        estimate: Its estimates, or ``None`` where its bundle is gone: then there is no RMSE.
    """
    found = {"click_through": _click_through(joined), "ndcg": _ndcg(joined)}
    found["rmse"] = None if estimate is None else _rmse(joined, estimate)
    return {name: measured for name, measured in found.items() if measured is not None}


def _click_through(joined: Joined) -> Measured | None:
    """Return the share of lists on which anything was clicked or watched.

    Only lists of users count: of whoever has no id nothing is stored, so a list of theirs would
    count as one that nobody liked.
    """
    lists = [shown for shown in joined.lists if shown.user_id is not None]
    n_lists = len(lists)
    if not n_lists:
        return None
    looked = {EventKind.CLICK, EventKind.WATCH}
    clicked = sum(
        any(label.kind in looked for label in joined.labels.get(shown.recommendation_id, ()))
        for shown in lists
    )
    share = clicked / n_lists
    sigma = math.sqrt(share * (1.0 - share) / n_lists)
    return Measured(share, sigma, n_lists, higher_is_better=True)


def _ndcg(joined: Joined) -> Measured | None:
    """Return the mean NDCG of the lists on which anything was liked, all of a list's places.

    Liked is what was watched, liked, or rated with four stars or more.
    """
    values = []
    for shown in joined.lists:
        liked = {
            label.movie_id
            for label in joined.labels.get(shown.recommendation_id, ())
            if _is_liked(label)
        }
        gains = np.isin(shown.movie_ids, list(liked))
        if gains.any():
            discounts = 1.0 / np.log2(np.arange(gains.size) + 2.0)
            values.append(float(discounts[gains].sum() / discounts[: gains.sum()].sum()))
    return _mean(values)


def _rmse(joined: Joined, estimate: Estimate) -> Measured | None:
    """Return the root mean squared error of the ratings given on lists."""
    rated = [
        (label.user_id, label.movie_id, label.value)
        for shown in joined.lists
        for label in joined.labels.get(shown.recommendation_id, ())
        if label.kind == EventKind.RATING and label.value is not None
    ]
    if not rated:
        return None
    users, movies, stars = zip(*rated, strict=True)
    errors = (np.asarray(stars) - estimate(users, movies)) ** 2
    rmse = math.sqrt(float(errors.mean()))
    # The standard error of a root, by the delta method.
    sigma = float(errors.std()) / math.sqrt(len(rated)) / (2.0 * rmse) if rmse else 0.0
    return Measured(rmse, sigma, len(rated), higher_is_better=False)


def _is_liked(label: Label) -> bool:
    if label.kind == EventKind.RATING:
        return label.value is not None and label.value >= _RELEVANT_STARS
    return label.kind in {EventKind.WATCH, EventKind.LIKE}


def _mean(values: Sequence[float]) -> Measured | None:
    if not values:
        return None
    sigma = float(np.std(values)) / math.sqrt(len(values))
    return Measured(float(np.mean(values)), sigma, len(values), higher_is_better=True)
