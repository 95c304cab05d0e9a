"""The weights of the ranking blend, by NDCG@10 on later ratings of the training data.

Two questions are asked of the training data, both with the future held out. At several moments:
who came back, or came for the first time, until the next moment, and what did they like? And for
each user: what did they like among their last ratings? The first resembles what a service meets
tomorrow, the second what it meets in the next minute; the weights for viewers with a history must
serve both, those for viewers without one the newcomers of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.inference.components import COLD_SIGNALS, PERSONAL_SIGNALS, signal_rankings
from recommender.inference.estimates import Scores
from recommender.inference.rankings import ProfileRanking, Ranking
from recommender.models.ease import fit_ease
from recommender.models.indexed import Floats, IndexedRatings, Positions
from recommender.models.signals import quality, rating_share, rising, trending
from recommender.settings import ModelParams

BoolArray = npt.NDArray[np.bool_]
_K = 10
#: Best movies by each signal among which a blend picks its list.
_CANDIDATES = 100
#: Share of the training ratings before the first moment.
_FIRST_CUT = 0.3
#: Lists that it takes to set weights on.
_FEWEST_LISTS = 20
#: A user has this many times the held-out ratings at least.
_FEWEST_TIMES = 3
#: Grade of a rating from which on a movie was liked: 4 stars on MovieLens's scale.
_LIKED = 1.0
#: A weight changes only if that raises the objective by this factor.
_WORTHWHILE = 1.002
_PASSES = 3

_GRIDS = {
    "recent": (0.0, 0.5, 1.0, 2.0),
    "content": (0.0, 0.1, 0.3, 0.6, 1.0),
    "trending": (0.0, 0.03, 0.1, 0.2, 0.4),
    "popularity": (0.0, 0.1, 0.3, 0.6),
    "rising": (0.0, 0.1, 0.2, 0.4, 0.6),
    "quality": (0.0, 0.03, 0.1, 0.2, 0.3),
}
#: Where there is too little to learn weights from.
_DEFAULT_PERSONAL = {
    "ease": 1.0,
    "recent": 1.0,
    "content": 0.3,
    "trending": 0.1,
    "rising": 0.1,
    "quality": 0.03,
}
_DEFAULT_COLD = {"trending": 1.0, "popularity": 0.0, "rising": 0.0, "quality": 0.1}


@dataclass(frozen=True, eq=False)
class Trial:
    """Lists to be made of candidates, with what would have been right.

    Attributes:
        signals: Shape (lists, candidates, signals), minus infinity where a list has fewer.
        liked: Shape (lists, candidates).
        ideal: Shape (lists,), the highest possible discounted gain.
    """

    signals: npt.NDArray[np.float32]
    liked: BoolArray
    ideal: Floats

    def __len__(self) -> int:
        """Return the number of lists."""
        return self.ideal.size

    def ndcg(self, weights: Sequence[float]) -> float:
        """Return the mean NDCG@10 of the lists that these weights make; 0 without any."""
        if not len(self):
            return 0.0
        scores = self.signals @ np.asarray(weights, dtype=np.float32)
        k = min(_K, scores.shape[1])
        top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        hits = np.take_along_axis(self.liked, np.take_along_axis(top, order, axis=1), axis=1)
        gains = hits @ _DISCOUNTS[:k]
        return float((gains / self.ideal).mean())


_DISCOUNTS = 1.0 / np.log2(np.arange(2, _K + 2))


def static_signals(data: IndexedRatings, params: ModelParams) -> dict[str, Floats]:
    """Return what can be said of each movie for any viewer, by name."""
    return {
        "popularity": rating_share(data, half_life_days=None),
        "trending": trending(data, params.trending_half_life_days),
        "rising": rising(data, params.trending_half_life_days),
        "quality": quality(data, params.popularity_damping),
    }


def ranking_weights(
    trials: Mapping[str, Trial],
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the weights for viewers with and without a history.

    Args:
        trials: ``returning``, ``next`` and ``new``, as `collect_trials` gives them.
    """
    personal = [trials[name] for name in ("returning", "next")]
    return (
        search_weights(personal, PERSONAL_SIGNALS, _DEFAULT_PERSONAL),
        search_weights([trials["new"]], COLD_SIGNALS, _DEFAULT_COLD),
    )


def search_weights(
    trials: Sequence[Trial], names: Sequence[str], default: Mapping[str, float]
) -> dict[str, float]:
    """Return weights by coordinate search from the first signal alone, whose weight stays 1.

    The objective is the geometric mean of the trials' NDCG@10, so that neither can be bought
    with the other. Trials with few lists do not count; without any, the default is returned.
    """
    counted = [trial for trial in trials if len(trial) >= _FEWEST_LISTS]
    if not counted:
        return {name: default[name] for name in names}
    weights = [1.0, *(0.0 for _ in names[1:])]
    best = _objective(counted, weights)
    for _ in range(_PASSES):
        before = list(weights)
        for place, name in enumerate(names[1:], start=1):
            for value in _GRIDS[name]:
                tried = [*weights[:place], value, *weights[place + 1 :]]
                found = _objective(counted, tried)
                if found > best * _WORTHWHILE:
                    weights, best = tried, found
        if weights == before:
            break
    return dict(zip(names, weights, strict=True))


def _objective(trials: Sequence[Trial], weights: Sequence[float]) -> float:
    values = [max(trial.ndcg(weights), 1e-9) for trial in trials]
    return float(np.exp(np.mean(np.log(values))))


def collect_trials(
    data: IndexedRatings, features: Floats, params: ModelParams, seed: int
) -> Iterator[tuple[str, Trial]]:
    """Yield trials by kind, one after the other: ``returning`` and ``new`` users, and ``next``.

    Args:
        data: Training ratings, oldest first.
        features: Content features of the movies.
        params: Hyper-parameters.
        seed: Seed of the choice of users where there are too many.
    """
    for cut, (past, future) in enumerate(time_cuts(data, params.ranking_cuts)):
        lists = _Lists(past, features, params, seed=seed + cut)
        users = liked_by(future)
        known = past.known_users[users]
        yield "returning", lists.trial(users[known], future, PERSONAL_SIGNALS)
        yield "new", lists.trial(users[~known], future, COLD_SIGNALS)
    past, future = last_ratings(data, params.ranking_last)
    if len(past) and len(future):
        lists = _Lists(past, features, params, seed=seed)
        yield "next", lists.trial(liked_by(future), future, PERSONAL_SIGNALS)


def time_cuts(data: IndexedRatings, n_cuts: int) -> Iterator[tuple[IndexedRatings, IndexedRatings]]:
    """Yield the ratings before each of ``n_cuts`` moments, and from there until the next one."""
    edges = np.linspace(_FIRST_CUT, 1.0, n_cuts + 1) * len(data)
    rows = np.arange(len(data))
    for start, end in zip(edges[:-1].astype(int), edges[1:].astype(int), strict=True):
        past, future = data.only(rows < start), data.only((rows >= start) & (rows < end))
        if len(past) and len(future):
            yield past, future


def last_ratings(data: IndexedRatings, n_last: int) -> tuple[IndexedRatings, IndexedRatings]:
    """Return all but the last ``n_last`` ratings of users who have thrice as many, and those."""
    order = np.argsort(data.users, kind="stable")
    counts = data.user_counts
    ends = np.cumsum(counts)[data.users[order]]
    from_end = np.empty(len(data), dtype=np.int64)
    from_end[order] = ends - np.arange(len(data))
    held_out = (from_end <= n_last) & (counts[data.users] >= _FEWEST_TIMES * n_last)
    return data.only(~held_out), data.only(held_out)


def liked_by(data: IndexedRatings) -> Positions:
    """Return the users who liked something, rising."""
    return np.unique(data.users[data.grades >= _LIKED])


def join_trials(trials: Sequence[Trial], n_signals: int) -> Trial:
    """Return the lists of all trials in one, padded to the same number of candidates."""
    width = max((trial.liked.shape[1] for trial in trials), default=0)
    n_lists = sum(len(trial) for trial in trials)
    signals = np.full((n_lists, width, n_signals), _PADDING, dtype=np.float32)
    liked = np.zeros((n_lists, width), dtype=np.bool_)
    row = 0
    for trial in trials:
        rows, columns = slice(row, row + len(trial)), slice(0, trial.liked.shape[1])
        signals[rows, columns], liked[rows, columns] = trial.signals, trial.liked
        row += len(trial)
    ideal = np.concatenate([np.zeros(0), *(trial.ideal for trial in trials)])
    return Trial(signals, liked, ideal)


#: The signals of a place without a candidate: below anything a signal can be, and finite, since a
#: weight may be 0.
_PADDING = -1e6


class _Lists:
    """Makes trials from what was known at one moment."""

    def __init__(
        self, past: IndexedRatings, features: Floats, params: ModelParams, seed: int
    ) -> None:
        self._past = past
        self._histories = past.histories()
        self._most = params.ranking_max_users
        self._rng = np.random.default_rng(seed)
        grades = past.grades
        watched = np.bincount(past.movies, weights=grades, minlength=past.n_movies)
        centre = watched @ features / max(float(grades.sum()), 1e-9)
        self._rankings: dict[str, Ranking] = signal_rankings(
            static_signals(past, params),
            fit_ease(past, params),
            ProfileRanking(features, centre),
            params.ease_recent_half_life,
        )

    def trial(self, users: Positions, future: IndexedRatings, names: Sequence[str]) -> Trial:
        """Return the lists of ``users`` against what they liked in ``future``."""
        if users.size > self._most:
            users = np.sort(self._rng.choice(users, self._most, replace=False))
        liked = future.only(future.grades >= _LIKED)
        order = np.argsort(liked.users, kind="stable")
        starts = np.searchsorted(liked.users[order], users)
        ends = np.searchsorted(liked.users[order], users, side="right")
        lists = [
            self._list(user, liked.movies[order[start:end]], names)
            for user, start, end in zip(users.tolist(), starts, ends, strict=True)
        ]
        return join_trials(lists, len(names))

    def _list(self, user: int, liked: Positions, names: Sequence[str]) -> Trial:
        viewer = self._histories.viewer(user, self._past.scale)
        scores: list[Scores] = [self._rankings[name].scores(viewer) for name in names]
        candidate = np.zeros(self._past.n_movies, dtype=np.bool_)
        most = min(_CANDIDATES + viewer.movies.size, self._past.n_movies)
        for values in scores:
            candidate[np.argpartition(-values, most - 1)[:most]] = True
        candidate[viewer.movies] = False
        chosen = np.flatnonzero(candidate)
        signals = np.stack([values[chosen] for values in scores], axis=1)
        ideal = _DISCOUNTS[: min(liked.size, _K)].sum()
        return Trial(
            signals[np.newaxis].astype(np.float32),
            np.isin(chosen, liked)[np.newaxis],
            np.array([ideal]),
        )
