"""The weights of the ranking blend, by NDCG@10 on held-out training ratings.

Support is the number of movies in a history that were liked at all. Someone with one needs what
is popular lately, and someone with five hundred hardly does. So what is personal has the share
``n / (n + handover)`` of its weight at a support of ``n`` (`personal_share`), and the handover is
learned as the weights are, on lists among which are those of newcomers with a few ratings.

Viewers fall into groups by support besides. A search over a few hundred lists finds weights that
suit these lists by chance. So how the personal signals share their weight is shrunk as if
`_PRIOR_LISTS` more lists had spoken for what was expected before: for a group that is what all
lists found, and for all lists the default weights (James and Stein 1961, "Estimation with quadratic
loss"). How much weight is left to what is the same for everyone is taken as found, since it
differs most from one service to the next. Every search is made twice, on the lists of either half
of the users, and the weights are the mean of both (Breiman 1996, "Bagging predictors").

Each half's blend is judged on the other half's lists, which had no say in it, against the best
single signal, chosen and judged likewise. The blend that a group gets is never worse than the best
single signal there: where it is, that signal is used alone, and the group says so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recommender.inference.components import (
    COLD_SIGNALS,
    PERSONAL_SIGNALS,
    STATIC_SIGNALS,
    SupportGroup,
)
from recommender.inference.rankings import personal_share
from recommender.models.indexed import Floats, Positions
from recommender.models.ranking_trials import Trial

_log = logging.getLogger(__name__)

#: Lists that it takes to set weights on.
_FEWEST_LISTS = 20
#: Lists that it takes to set weights for a group of its own.
_GROUP_LISTS = 250
_MOST_GROUPS = 5
#: A weight changes only if that raises the objective by this factor.
_WORTHWHILE = 1.002
#: Lists that it takes to outweigh what was expected of the weights before.
_PRIOR_LISTS = 1000.0
#: Digits of a weight: more say nothing.
_DIGITS = 4
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
#: Support at which what is personal has half its weight.
_HANDOVERS = (10.0, 20.0, 40.0)
#: Where there is too little to learn it from.
_DEFAULT_HANDOVER = 20.0
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
Singles = npt.NDArray[np.float32]


@dataclass(frozen=True, order=True)
class Mix:
    """How signals are blended.

    Attributes:
        weights: One for each signal.
        handover: Support at which what is personal has half its weight.
    """

    weights: Weights
    handover: float = 0.0

    def by_list(self, trial: Trial, names: Sequence[str]) -> Floats:
        """Return the weight of each of the signals for each list, shape (lists, signals)."""
        share = personal_share(trial.support, self.handover)[:, np.newaxis]
        return np.asarray(np.where(_is_personal(names), share, 1.0) * np.asarray(self.weights))

    def shares(self) -> Floats:
        """Return the weights as shares of their sum, which give the same lists."""
        return np.asarray(self.weights) / sum(self.weights)


@dataclass(frozen=True)
class RankingWeights:
    """What the ranking blend consists of.

    Attributes:
        personal: The groups of viewers with a history, from the least support up.
        handover: Support at which what is personal has half its weight.
        unknown: Weight of each of `PERSONAL_SIGNALS` for a history of movies that item-item weights
            do not know: what is the same for everyone counts as for those without a history.
        cold: Weight of each of `COLD_SIGNALS`, for viewers without a history.
    """

    personal: tuple[SupportGroup, ...]
    handover: float
    unknown: dict[str, float]
    cold: dict[str, float]


def ranking_weights(trials: Mapping[str, Trial], seed: int) -> RankingWeights:
    """Return the weights for viewers with a history, by support, and for those without.

    Args:
        trials: By kind; ``new`` for viewers without a history, all others for those with one.
        seed: Seed of the folds.
    """
    personal = [trial for kind, trial in trials.items() if kind != "new"]
    new = [trials["new"]] if "new" in trials else []
    groups, handover = support_groups(personal, PERSONAL_SIGNALS, DEFAULT_PERSONAL, seed)
    cold = search_weights(new, COLD_SIGNALS, _DEFAULT_COLD)
    common = {name: weight for name, weight in cold.items() if name in PERSONAL_SIGNALS}
    return RankingWeights(groups, handover, DEFAULT_PERSONAL | common, cold)


def support_groups(
    trials: Sequence[Trial], names: Sequence[str], default: Mapping[str, float], seed: int
) -> tuple[tuple[SupportGroup, ...], float]:
    """Return the weights of each group of viewers, from the least support up, and the handover.

    Args:
        trials: One for each kind of list.
        names: The signals.
        default: Weights where there are too few lists to learn from.
        seed: Seed of the folds.
    """
    counted = [trial for trial in trials if len(trial) >= _FEWEST_LISTS]
    if not counted:
        reason = f"fewer than {_FEWEST_LISTS} validation lists: default weights"
        return (SupportGroup(0, dict(default), reason),), _DEFAULT_HANDOVER
    edges = support_edges([trial.support for trial in counted])
    prior = Mix(tuple(default[name] for name in names))
    choice = _Choice(counted, names, prior, seed)
    return choice.groups(edges), choice.handover


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
        prior: What is expected of the weights.
        seed: Seed of the halves.
    """

    def __init__(
        self, trials: Sequence[Trial], names: Sequence[str], prior: Mix, seed: int
    ) -> None:
        self._names = names
        self._trials = trials
        n_users = 1 + max(int(trial.users.max()) for trial in trials)
        self._fold = np.random.default_rng(seed).permutation(n_users) % 2
        self._alone = [Mix(tuple(row)) for row in np.eye(len(names)).tolist()]
        self._of_halves = self._best_of_halves()
        n_lists = sum(len(trial) for trial in trials)
        self._expected = [shrunk(mix, n_lists, prior, names) for mix in self._of_halves]

    @property
    def handover(self) -> float:
        """Support at which what is personal has half its weight, in every group."""
        return self._of_halves[0].handover

    def groups(self, edges: Sequence[int]) -> tuple[SupportGroup, ...]:
        """Return the group of each range of support that begins at one of ``edges``."""
        ends = [*edges[1:], np.iinfo(np.int64).max]
        return tuple(self._group(low, int(high)) for low, high in zip(edges, ends, strict=True))

    def _group(self, low: int, high: int) -> SupportGroup:
        every = [_of_support(trial, low, high) for trial in self._trials]
        own = [trial for trial in every if len(trial) >= _FEWEST_LISTS]
        if not own:
            reason = f"weights of all: fewer than {_FEWEST_LISTS} validation lists"
            return self._as_group(low, _mean(self._expected), reason)
        halves = self._halves(own)
        mixes = self._blends(halves)
        reached = self._across(halves, mixes)
        single = self._across(halves, [self._best_alone(half) for half in halves])
        best = self._best_alone(own)
        name = self._names[best.weights.index(1.0)]
        figures = f"held-out NDCG@10 {reached:.4f}, best signal ({name}) alone {single:.4f}"
        figures += f", on {sum(len(trial) for trial in own)} validation lists"
        if single >= reached:
            reason = f"falls back to {name} alone: {figures}"
            _log.warning("the blend for %d or more liked movies %s", low, reason)
            return self._as_group(low, best, reason)
        _log.info("the blend for %d or more liked movies: %s", low, figures)
        return self._as_group(low, _mean(mixes), figures)

    def _as_group(self, low: int, mix: Mix, reason: str) -> SupportGroup:
        rounded = (round(weight, _DIGITS) for weight in mix.weights)
        weights = dict(zip(self._names, rounded, strict=True))
        return SupportGroup(low, weights, reason)

    def _blends(self, halves: Sequence[Sequence[Trial]]) -> list[Mix]:
        """Return the blend of a group that each half of its lists finds."""
        n_lists = sum(len(trial) for half in halves for trial in half)
        return [
            shrunk(self._search(half, [start]), n_lists, expected, self._names)
            for half, start, expected in zip(halves, self._of_halves, self._expected, strict=True)
        ]

    def _across(self, halves: Sequence[Sequence[Trial]], mixes: Sequence[Mix]) -> float:
        """Return the objective of each half under what was searched on the other one, joined."""
        kinds = []
        for first, second in zip(*halves, strict=True):
            judged = [self._gain(first, mixes[1]), self._gain(second, mixes[0])]
            kinds.append(sum(judged) / (len(first) + len(second)))
        return _geometric(kinds)

    def _gain(self, trial: Trial, mix: Mix) -> float:
        return trial.ndcg(mix.by_list(trial, self._names)) * len(trial)

    def _best_alone(self, trials: Sequence[Trial]) -> Mix:
        return max(self._alone, key=lambda mix: objective(trials, self._names, mix))

    def _halves(self, trials: Sequence[Trial]) -> list[list[Trial]]:
        return [
            [trial.only(self._fold[trial.users] == fold) for trial in trials] for fold in (0, 1)
        ]

    def _best_of_halves(self) -> list[Mix]:
        """Return a blend for each half, with the handover that serves the other half best."""
        halves = self._halves(self._trials)
        starts = [sorted({self._alone[0], self._best_alone(half)}) for half in halves]
        tried = []
        for handover in _HANDOVERS:
            tried.append(
                [
                    self._search(half, [replace(start, handover=handover) for start in own])
                    for half, own in zip(halves, starts, strict=True)
                ]
            )
            starts = [[mix] for mix in tried[-1]]
        return max(tried, key=lambda mixes: self._across(halves, mixes))

    def _search(self, trials: Sequence[Trial], starts: Sequence[Mix]) -> Mix:
        search = _Search(trials, self._names)
        found = [search.run(start) for start in starts]
        return max(found, key=lambda mix: objective(trials, self._names, mix))


def shrunk(found: Mix, n_lists: int, expected: Mix, names: Sequence[str]) -> Mix:
    """Return what ``n_lists`` lists found, drawn towards what was expected; weights sum to 1.

    The sum of the personal weights, and each of the others, stay as they were found.

    >>> names = ("ease", "ials", "quality")
    >>> shrunk(Mix((1.0, 0.0, 1.0)), 1000, Mix((1.0, 1.0, 0.0)), names).weights
    (0.375, 0.125, 0.5)
    """
    personal = _is_personal(names)
    weights, before = found.shares(), expected.shares()[personal]
    total, share = weights[personal].sum(), n_lists / (n_lists + _PRIOR_LISTS)
    if before.any():
        weights[personal] *= share
        weights[personal] += (1.0 - share) * total * before / before.sum()
    return replace(found, weights=tuple(weights.tolist()))


def _mean(mixes: Sequence[Mix]) -> Mix:
    weights = np.mean([mix.shares() for mix in mixes], axis=0)
    return replace(mixes[0], weights=tuple(weights.tolist()))


def _of_support(trial: Trial, low: int, high: int) -> Trial:
    return trial.only((trial.support >= low) & (trial.support < high))


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
    found = _Search(counted, names).run(Mix((1.0, *(0.0 for _ in names[1:]))))
    return dict(zip(names, found.weights, strict=True))


def objective(trials: Sequence[Trial], names: Sequence[str], mix: Mix) -> float:
    """Return the geometric mean of the NDCG@10 of the trials that have lists."""
    return _geometric([trial.ndcg(mix.by_list(trial, names)) for trial in trials if len(trial)])


def _is_personal(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.array([name not in STATIC_SIGNALS for name in names])


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
        self._personal = _is_personal(names)
        self._signals = [
            np.ascontiguousarray(trial.signals.transpose(2, 0, 1)) for trial in self._trials
        ]

    def run(self, start: Mix) -> Mix:
        """Return the blend at which no single change is worthwhile, or after some passes."""
        mix = start
        best = objective(self._trials, self._names, mix)
        for _ in range(_PASSES):
            before = mix
            mix, best = self._best_weights(mix, best)
            if mix == before:
                break
        return mix

    def _best_weights(self, mix: Mix, best: float) -> tuple[Mix, float]:
        weights, damped = list(mix.weights), self._damped(mix.handover)
        for place in range(len(self._names)):
            weights[place], best = self._best_value(damped, weights, place, best)
        return replace(mix, weights=tuple(weights)), best

    def _best_value(
        self, signals: Sequence[Singles], weights: Sequence[float], place: int, best: float
    ) -> tuple[float, float]:
        others = np.asarray([*weights[:place], 0.0, *weights[place + 1 :]], np.float32)
        rest = [np.tensordot(others, values, axes=1) for values in signals]
        added = [values[place] for values in signals]
        chosen = weights[place]
        for value in _GRIDS[self._names[place]]:
            if not (value or others.any()):
                continue  # without any weight the list is no more than the order of the catalogue
            found = self._objective(rest, added, value)
            if found > best * _WORTHWHILE:
                chosen, best = value, found
        return chosen, best

    def _damped(self, handover: float) -> list[Singles]:
        """Return the signals as they count at the support of each list."""
        damped = []
        for trial, signals in zip(self._trials, self._signals, strict=True):
            own = self._personal[:, np.newaxis, np.newaxis]
            damped.append(np.where(own, self._share(trial, handover), np.float32(1.0)) * signals)
        return damped

    def _share(self, trial: Trial, handover: float) -> Singles:
        return personal_share(trial.support, handover).astype(np.float32)[:, np.newaxis]

    def _objective(self, rest: Sequence[Singles], added: Sequence[Singles], weight: float) -> float:
        return _geometric(
            [
                float(trial.ndcg_of_sums(base, values, weight).mean())
                for trial, base, values in zip(self._trials, rest, added, strict=True)
            ]
        )
