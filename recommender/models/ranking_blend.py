"""The weights of the ranking blend, by NDCG@10 on held-out training ratings.

Viewers fall into groups by support, the number of movies in their history that were liked at all:
someone with five needs what is popular lately more than someone with five hundred. For every group
three blends are held against each other on lists that had no say in them (two folds by user, each
judged by weights searched on the other): one with weights for the group, one with weights for all
groups, and the best single signal. The blend that a group gets is never worse than the best single
signal there: where it is, that signal is used alone, and the group says so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recommender.inference.components import COLD_SIGNALS, PERSONAL_SIGNALS, SupportGroup
from recommender.models.indexed import Positions
from recommender.models.ranking_trials import Trial

_log = logging.getLogger(__name__)

#: Lists that it takes to set weights on.
_FEWEST_LISTS = 20
#: Lists that it takes to set weights for a group of its own.
_GROUP_LISTS = 250
_MOST_GROUPS = 3
#: A weight changes only if that raises the objective by this factor.
_WORTHWHILE = 1.002
#: A group gets weights of its own only if they raise the held-out objective by this factor.
_WORTH_A_GROUP = 1.01
_PASSES = 3

_GRIDS = {
    "ease": (0.0, 1.0),
    "recent": (0.0, 0.5, 1.0, 2.0, 4.0),
    "ials": (0.0, 0.1, 0.3, 0.6, 1.0, 2.0),
    "content": (0.0, 0.1, 0.3, 0.6, 1.0),
    "trending": (0.0, 0.03, 0.1, 0.2, 0.4, 1.0),
    "popularity": (0.0, 0.1, 0.3, 0.6),
    "rising": (0.0, 0.1, 0.2, 0.4, 0.6),
    "quality": (0.0, 0.03, 0.1, 0.2, 0.3),
}
#: Where there is too little to learn weights from.
DEFAULT_PERSONAL = {
    "ease": 1.0,
    "recent": 1.0,
    "ials": 0.3,
    "content": 0.3,
    "trending": 0.1,
    "rising": 0.1,
    "quality": 0.03,
}
_DEFAULT_COLD = {"trending": 1.0, "popularity": 0.0, "rising": 0.0, "quality": 0.1}

Weights = tuple[float, ...]


def ranking_weights(
    trials: Mapping[str, Trial], seed: int
) -> tuple[tuple[SupportGroup, ...], dict[str, float]]:
    """Return the weights for viewers with a history, by support, and for those without.

    Args:
        trials: By kind; ``new`` for viewers without a history, all others for those with one.
        seed: Seed of the folds.
    """
    personal = [trial for kind, trial in trials.items() if kind != "new"]
    new = [trials["new"]] if "new" in trials else []
    return (
        support_groups(personal, PERSONAL_SIGNALS, DEFAULT_PERSONAL, seed),
        search_weights(new, COLD_SIGNALS, _DEFAULT_COLD),
    )


def support_groups(
    trials: Sequence[Trial], names: Sequence[str], default: Mapping[str, float], seed: int
) -> tuple[SupportGroup, ...]:
    """Return the weights of each group of viewers, from the least support up.

    Args:
        trials: One for each kind of list.
        names: The signals.
        default: Weights where there are too few lists to learn from.
        seed: Seed of the folds.
    """
    counted = [trial for trial in trials if len(trial) >= _FEWEST_LISTS]
    if not counted:
        reason = f"fewer than {_FEWEST_LISTS} validation lists: default weights"
        return (SupportGroup(0, dict(default), reason),)
    edges = support_edges([trial.support for trial in counted])
    return _Choice(counted, names, seed).groups(edges)


def support_edges(supports: Sequence[Positions]) -> list[int]:
    """Return the least support of each group: as many equal groups as there are lists for.

    >>> support_edges([np.arange(200)])
    [0]
    >>> support_edges([np.arange(600)])
    [0, 300]
    """
    pooled = np.concatenate(supports)
    n_groups = int(np.clip(pooled.size // _GROUP_LISTS, 1, _MOST_GROUPS))
    inner = np.quantile(pooled, np.arange(1, n_groups) / n_groups, method="higher")
    return [0, *sorted({int(edge) for edge in inner if edge > pooled.min()})]


class _Choice:
    """Chooses the weights of groups by held-out lists.

    Args:
        trials: One for each kind of list, none empty.
        names: The signals.
        seed: Seed of the folds.
    """

    def __init__(self, trials: Sequence[Trial], names: Sequence[str], seed: int) -> None:
        self._names = names
        self._trials = trials
        n_users = 1 + max(int(trial.users.max()) for trial in trials)
        self._fold = np.random.default_rng(seed).permutation(n_users) % 2
        self._alone = [tuple(row) for row in np.eye(len(names)).tolist()]
        self._of_all = self._search(trials, self._starts(trials))
        self._of_halves = [self._search(half, self._starts(half)) for half in self._halves(trials)]

    def groups(self, edges: Sequence[int]) -> tuple[SupportGroup, ...]:
        """Return the group of each range of support that begins at one of ``edges``."""
        ends = [*edges[1:], np.iinfo(np.int64).max]
        return tuple(self._group(low, int(high)) for low, high in zip(edges, ends, strict=True))

    def _group(self, low: int, high: int) -> SupportGroup:
        own = [_of_support(trial, low, high) for trial in self._trials]
        halves = self._halves(own)
        weights, reached, what = self._blend(own, halves)
        single = _across(halves, [self._best_alone(half) for half in halves])
        best = self._best_alone(own)
        name = self._names[best.index(1.0)]
        figures = f"held-out NDCG@10 {reached:.4f}, best signal ({name}) alone {single:.4f}"
        figures += f", on {sum(len(trial) for trial in own)} validation lists"
        if single >= reached:
            reason = f"falls back to {name} alone: {figures}"
            _log.warning("the blend for %d or more liked movies %s", low, reason)
            return SupportGroup(low, dict(zip(self._names, best, strict=True)), reason)
        _log.info("the blend for %d or more liked movies: %s: %s", low, what, figures)
        return SupportGroup(low, dict(zip(self._names, weights, strict=True)), f"{what}: {figures}")

    def _blend(
        self, own: Sequence[Trial], halves: Sequence[Sequence[Trial]]
    ) -> tuple[Weights, float, str]:
        """Return weights, what they reach on held-out lists, and whose they are."""
        shared = _across(halves, self._of_halves)
        searched = [
            self._search(half, [start]) for half, start in zip(halves, self._of_halves, strict=True)
        ]
        special = _across(halves, searched)
        if special > shared * _WORTH_A_GROUP:
            return self._search(own, [self._of_all]), special, "weights of its own"
        return self._of_all, shared, "weights of all"

    def _best_alone(self, trials: Sequence[Trial]) -> Weights:
        return max(self._alone, key=lambda weights: objective(trials, weights))

    def _halves(self, trials: Sequence[Trial]) -> list[list[Trial]]:
        return [
            [trial.only(self._fold[trial.users] == fold) for trial in trials] for fold in (0, 1)
        ]

    def _starts(self, trials: Sequence[Trial]) -> list[Weights]:
        return sorted({self._alone[0], self._best_alone(trials)})

    def _search(self, trials: Sequence[Trial], starts: Sequence[Weights]) -> Weights:
        search = _Search(trials, self._names)
        return max((search.run(start) for start in starts), key=lambda w: objective(trials, w))


def _of_support(trial: Trial, low: int, high: int) -> Trial:
    return trial.only((trial.support >= low) & (trial.support < high))


def _across(halves: Sequence[Sequence[Trial]], weights: Sequence[Weights]) -> float:
    """Return the objective of each half under the weights searched on the other one, joined."""
    kinds = []
    for first, second in zip(*halves, strict=True):
        judged = [first.ndcg(weights[1]) * len(first), second.ndcg(weights[0]) * len(second)]
        if len(first) + len(second):
            kinds.append(sum(judged) / (len(first) + len(second)))
    return _geometric(kinds)


def search_weights(
    trials: Sequence[Trial], names: Sequence[str], default: Mapping[str, float]
) -> dict[str, float]:
    """Return weights by coordinate search from the first signal alone.

    The objective is the geometric mean of the trials' NDCG@10, so that neither can be bought
    with the other. Trials with few lists do not count; without any, the default is returned.
    """
    counted = [trial for trial in trials if len(trial) >= _FEWEST_LISTS]
    if not counted:
        return {name: default[name] for name in names}
    found = _Search(counted, names).run((1.0, *(0.0 for _ in names[1:])))
    return dict(zip(names, found, strict=True))


def objective(trials: Sequence[Trial], weights: Sequence[float]) -> float:
    """Return the geometric mean of the NDCG@10 of the trials that have lists."""
    return _geometric([trial.ndcg(weights) for trial in trials if len(trial)])


def _geometric(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(np.maximum(values, 1e-9))))) if values else 0.0


class _Search:
    """Coordinate search, in which a new weight costs one addition for each list.

    Args:
        trials: Empty ones have no say.
        names: The signals.
    """

    def __init__(self, trials: Sequence[Trial], names: Sequence[str]) -> None:
        self._trials = [trial for trial in trials if len(trial)]
        self._names = names
        self._signals = [
            np.ascontiguousarray(trial.signals.transpose(2, 0, 1)) for trial in self._trials
        ]

    def run(self, start: Weights) -> Weights:
        """Return the weights at which no single change is worthwhile, or after some passes."""
        weights = list(start)
        best = objective(self._trials, weights)
        for _ in range(_PASSES):
            before = list(weights)
            for place in range(len(self._names)):
                weights[place], best = self._best_value(weights, place, best)
            if weights == before:
                break
        return tuple(weights)

    def _best_value(self, weights: Sequence[float], place: int, best: float) -> tuple[float, float]:
        others = np.asarray([*weights[:place], 0.0, *weights[place + 1 :]], np.float32)
        rest = [np.tensordot(others, signals, axes=1) for signals in self._signals]
        chosen = weights[place]
        for value in _GRIDS[self._names[place]]:
            if not (value or others.any()):
                continue  # without any weight the list is no more than the order of the catalogue
            found = self._objective(rest, place, value)
            if found > best * _WORTHWHILE:
                chosen, best = value, found
        return chosen, best

    def _objective(
        self, rest: Sequence[npt.NDArray[np.float32]], place: int, value: float
    ) -> float:
        return _geometric(
            [
                float(trial.ndcg_of_sums(base, signals[place], value).mean())
                for trial, base, signals in zip(self._trials, rest, self._signals, strict=True)
            ]
        )
