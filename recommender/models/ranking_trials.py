"""Lists on which the ranking blend is tried, made from training ratings with some held out.

What is held out follows the question that the split asks of the model (`SplitMethod`):

* ``temporal``: at several moments, who came back until the next moment (``returning``), and for
  each user the last ratings (``next``): what a service meets tomorrow and in the next minute.
* ``leave_last_k``: ``next`` alone.
* ``random``: ratings by chance (``chance``), with the viewer's later ones left to learn from.

Who came for the first time is asked at the same moments whatever the split, since a newcomer
always comes after the others: once as nobody (``new``), and once with the first few ratings made
known (``first``), on what they rated next. So viewers with little history, of whom the other kinds
hold hardly any, have their say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.inference.components import COLD_SIGNALS, PERSONAL_SIGNALS, signal_rankings
from recommender.inference.histories import Histories, Viewer
from recommender.inference.rankings import Ranking, StaticRanking
from recommender.models.aligned import align, align_factors
from recommender.models.content import profile_ranking
from recommender.models.ease import fit_ease
from recommender.models.ials import FitImplicit, fit_ials
from recommender.models.indexed import Floats, IndexedRatings, Positions
from recommender.models.signals import quality, rating_share, rising, trending
from recommender.models.top_ten import DISCOUNTS, K, ndcg_kernel
from recommender.scale import SplitMethod
from recommender.settings import ModelParams

BoolArray = npt.NDArray[np.bool_]
#: Best movies by each signal among which a blend picks its list.
_CANDIDATES = 60
#: Share of the training ratings before the first moment.
_FIRST_CUT = 0.3
#: A user has this many times the held-out ratings at least.
_FEWEST_TIMES = 3
#: How many of a newcomer's first ratings are made known, in different lists.
FIRST_RATINGS = (1, 4, 16)
#: A fold by chance holds out one part in so many.
_TENTHS = 10
#: Grade of a rating from which on a movie was liked: 4 stars on MovieLens's scale.
_LIKED = 1.0
#: The signals of a place without a candidate: below anything a signal can be, and finite, since a
#: weight may be 0.
_PADDING = -1e6

#: The kinds of lists by which viewers with a history are judged.
PERSONAL_KINDS: dict[SplitMethod, tuple[str, ...]] = {
    "temporal": ("returning", "next"),
    "leave_last_k": ("next",),
    "random": ("chance",),
}


@dataclass(frozen=True, eq=False)
class Trial:
    """Lists to be made of candidates, with what would have been right.

    Attributes:
        signals: Shape (lists, candidates, signals), `_PADDING` where a list has fewer.
        liked: Shape (lists, candidates).
        ideal: Shape (lists,), the highest possible discounted gain.
        support: Shape (lists,), how many movies of each history were liked.
        users: Shape (lists,), positions of the viewers.
    """

    signals: npt.NDArray[np.float32]
    liked: BoolArray
    ideal: Floats
    support: Positions
    users: Positions

    def __len__(self) -> int:
        """Return the number of lists."""
        return self.ideal.size

    def ndcg(self, weights: Sequence[float] | Floats) -> float:
        """Return the mean NDCG@10 of the lists that these weights make; 0 without any.

        Args:
            weights: Shape (signals,), or (lists, signals) where each list has its own.
        """
        if not len(self):
            return 0.0
        by_list = np.asarray(weights, dtype=np.float32)[..., np.newaxis]
        scores = np.matmul(self.signals, by_list)[..., 0]
        return float(self.ndcg_of_sums(scores, scores, 0.0).mean())

    def ndcg_of_sums(
        self, base: npt.NDArray[np.float32], signal: npt.NDArray[np.float32], weight: float
    ) -> Floats:
        """Return the NDCG@10 of each list ordered by ``base + weight signal``, shape (lists,)."""
        found = ndcg_kernel()(base, signal, np.float32(weight), self.liked, self.ideal)
        return np.asarray(found)

    def only(self, chosen: BoolArray) -> Trial:
        """Return the chosen lists."""
        return Trial(
            self.signals[chosen],
            self.liked[chosen],
            self.ideal[chosen],
            self.support[chosen],
            self.users[chosen],
        )


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
    none = np.zeros(0, dtype=np.int64)
    return Trial(
        signals,
        liked,
        np.concatenate([np.zeros(0), *(trial.ideal for trial in trials)]),
        np.concatenate([none, *(trial.support for trial in trials)]),
        np.concatenate([none, *(trial.users for trial in trials)]),
    )


def static_signals(data: IndexedRatings, params: ModelParams) -> dict[str, Floats]:
    """Return what can be said of each movie for any viewer, by name."""
    return {
        "popularity": rating_share(data, half_life_days=None),
        "trending": trending(data, params.trending_half_life_days),
        "rising": rising(data, params.trending_half_life_days),
        "quality": quality(data, params.popularity_damping) / data.scale.unit,
    }


def collect_trials(
    data: IndexedRatings,
    features: Floats,
    params: ModelParams,
    seed: int,
    *,
    method: SplitMethod = "temporal",
    fit_implicit: FitImplicit = fit_ials,
) -> Iterator[tuple[str, Trial]]:
    """Yield trials by kind: ``new`` and ``first`` ones, and those of `PERSONAL_KINDS`.

    Where nothing else is asked at the moments, ``first`` ones are made at the last one alone,
    since the signals have to be fitted for it.

    Args:
        data: Training ratings, oldest first.
        features: Content features of the movies.
        params: Hyper-parameters.
        seed: Seed of folds and of the choice of users where there are too many.
        method: The split whose question the lists should resemble.
        fit_implicit: Fits iALS.
    """
    kinds = PERSONAL_KINDS[method]
    cuts = list(time_cuts(data, params.ranking_cuts))
    most = -(-params.ranking_max_users // max(len(cuts), 1))
    for cut, (past, future) in enumerate(cuts):
        lists = _Lists(past, future, params, seed + cut, most)
        known = past.known_users[lists.users]
        yield "new", lists.trial(~known, lists.static(), COLD_SIGNALS)
        returning = "returning" in kinds
        if not (returning or cut == len(cuts) - 1):
            continue
        personal = lists.personal(features, fit_implicit)
        for n_ratings in FIRST_RATINGS:
            yield "first", lists.first(n_ratings, personal)
        if returning and known.any():
            yield "returning", lists.trial(known, personal, PERSONAL_SIGNALS)
    held_out = {"next": _next_folds, "chance": _chance_folds}
    for kind in kinds:
        folds = list(held_out[kind](data, params, seed)) if kind in held_out else []
        for fold, (past, future) in enumerate(folds):
            lists = _Lists(past, future, params, seed + fold, params.ranking_max_users)
            known = past.known_users[lists.users]
            if known.any():
                personal = lists.personal(features, fit_implicit)
                yield kind, lists.trial(known, personal, PERSONAL_SIGNALS)


Folds = Iterator[tuple[IndexedRatings, IndexedRatings]]


def _next_folds(data: IndexedRatings, params: ModelParams, seed: int) -> Folds:
    """Yield the last ratings of each user, and those before them, with all that went before."""
    del seed
    left = data
    for _ in range(params.ranking_folds):
        left, future = last_ratings(left, params.ranking_last)
        if len(left) and len(future):
            yield left, future


def _chance_folds(data: IndexedRatings, params: ModelParams, seed: int) -> Folds:
    """Yield folds that hold out other tenths of the ratings."""
    tenth = np.random.default_rng(seed).integers(0, _TENTHS, len(data))
    for fold in range(params.ranking_folds):
        yield data.only(tenth != fold), data.only(tenth == fold)


def time_cuts(data: IndexedRatings, n_cuts: int) -> Iterator[tuple[IndexedRatings, IndexedRatings]]:
    """Yield the ratings before each of ``n_cuts`` moments, and from there until the next one."""
    edges = np.linspace(_FIRST_CUT, 1.0, n_cuts + 1) * len(data)
    rows = np.arange(len(data))
    for start, end in zip(edges[:-1].astype(int), edges[1:].astype(int), strict=True):
        past, future = data.only(rows < start), data.only((rows >= start) & (rows < end))
        if len(past) and len(future):
            yield past, future


def last_ratings(data: IndexedRatings, last: float) -> tuple[IndexedRatings, IndexedRatings]:
    """Return all but the latest ratings of each user, and those.

    Args:
        data: The ratings.
        last: How many of each user's, of whom only those with thrice as many give any; or, below
            1, which share of each user's, rounded down.
    """
    order = data.by_user
    counts = data.user_counts
    ends = np.cumsum(counts)[data.users[order]]
    from_end = np.empty(len(data), dtype=np.int64)
    from_end[order] = ends - np.arange(len(data))
    if last < 1.0:
        n_last = np.floor(counts * last).astype(np.int64)
    else:
        n_last = np.where(counts >= _FEWEST_TIMES * last, int(last), 0)
    held_out = from_end <= n_last[data.users]
    return data.only(~held_out), data.only(held_out)


def first_ratings(data: IndexedRatings, n_ratings: int) -> tuple[IndexedRatings, IndexedRatings]:
    """Return the first ``n_ratings`` of each user, and the later ones."""
    order = np.argsort(data.users, kind="stable")
    counts = data.user_counts
    place = np.empty(len(data), dtype=np.int64)
    place[order] = np.arange(len(data)) - (np.cumsum(counts) - counts)[data.users[order]]
    return data.only(place < n_ratings), data.only(place >= n_ratings)


class _Lists:
    """Makes trials from what was known at one moment.

    Args:
        past: The ratings to learn from.
        future: The ratings held out.
        params: Hyper-parameters.
        seed: Seed of every random choice.
        most: Most lists of a trial.
    """

    def __init__(
        self,
        past: IndexedRatings,
        future: IndexedRatings,
        params: ModelParams,
        seed: int,
        most: int,
    ) -> None:
        self._past = past
        self._future = future
        self._params = params
        self._seed = seed
        self._most = most
        self._histories = past.histories()
        self._static = static_signals(past, params)
        self._liked = _liked(future)
        #: Who liked something that is held out, rising.
        self.users: Positions = np.unique(self._liked.users)

    def static(self) -> dict[str, Ranking]:
        """Return the signals that are the same for everyone."""
        return {name: StaticRanking(values) for name, values in self._static.items()}

    def personal(self, features: Floats, fit_implicit: FitImplicit) -> dict[str, Ranking]:
        """Return all signals, fitted."""
        past, params = self._past, self._params
        return signal_rankings(
            self._static,
            align(fit_ease(past, params), features, params),
            align_factors(fit_implicit(past, params, self._seed), features, params),
            profile_ranking(past, features),
            params.ease_recent_half_life,
        )

    def trial(
        self, chosen: BoolArray, rankings: Mapping[str, Ranking], names: Sequence[str]
    ) -> Trial:
        """Return the lists of the chosen `users`, or of a sample of them, by these signals."""
        users = self._sample(self.users[chosen], self._most)
        signals = [rankings[name] for name in names]
        return self._lists(users, self._histories, self._liked, signals)

    def first(self, n_ratings: int, rankings: Mapping[str, Ranking]) -> Trial:
        """Return the lists of those who are new, or of a sample of them, by all signals.

        Args:
            n_ratings: How many of their first ratings are known. Whoever liked none of these
                movies is left out, being served as nobody.
            rankings: The signals, which have learned nothing from these users.
        """
        new = self._future.only(~self._past.known_users[self._future.users])
        history, later = first_ratings(new, n_ratings)
        support = np.bincount(history.users[history.grades > 0.0], minlength=new.n_users)
        liked = _liked(later)
        users = np.unique(liked.users)
        users = self._sample(users[support[users] > 0], -(-self._most // len(FIRST_RATINGS)))
        signals = [rankings[name] for name in PERSONAL_SIGNALS]
        return self._lists(users, history.histories(), liked, signals)

    def _sample(self, users: Positions, most: int) -> Positions:
        if users.size <= most:
            return users
        return np.sort(np.random.default_rng(self._seed).choice(users, most, replace=False))

    def _lists(
        self,
        users: Positions,
        histories: Histories,
        liked: IndexedRatings,
        signals: Sequence[Ranking],
    ) -> Trial:
        starts = np.searchsorted(liked.users, users)
        ends = np.searchsorted(liked.users, users, side="right")
        lists = [
            self._list(histories.viewer(user, self._past.scale), liked.movies[start:end], signals)
            for user, start, end in zip(users.tolist(), starts, ends, strict=True)
        ]
        return join_trials(lists, len(signals))

    def _list(self, viewer: Viewer, liked: Positions, signals: Sequence[Ranking]) -> Trial:
        scores = np.stack([signal.scores(viewer) for signal in signals])
        scores[:, viewer.movies] = _PADDING
        most = min(_CANDIDATES, self._past.n_movies)
        best = np.argpartition(-scores, most - 1, axis=1)[:, :most]
        candidates = np.unique(best)
        candidates = candidates[~np.isin(candidates, viewer.movies)]
        return Trial(
            signals=scores[np.newaxis, :, candidates].transpose(0, 2, 1).astype(np.float32),
            liked=np.isin(candidates, liked)[np.newaxis],
            ideal=np.array([DISCOUNTS[: min(liked.size, K)].sum()]),
            support=np.array([np.count_nonzero(viewer.grades)]),
            users=np.array([viewer.position]),
        )


def _liked(ratings: IndexedRatings) -> IndexedRatings:
    """Return what was liked, user by user."""
    liked = ratings.only(ratings.grades >= _LIKED)
    return liked.only(np.argsort(liked.users, kind="stable"))
