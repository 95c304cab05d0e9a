"""Re-ranking: lists that give up some relevance for variety, calibration or the less popular.

All three are penalties in one greedy choice. With relevance scaled to 0..1 over the candidates and
a strength ``s``, each place goes to the candidate of the highest

    (1 - s) relevance - s penalty,

where the penalty is the likeness to the nearest movie above it (maximal marginal relevance,
Carbonell and Goldstein 1998), the divergence of the list's genres from the viewer's (calibration,
Steck 2018, "Calibrated recommendations"), or the logarithm of popularity. With several strengths
the relevance is multiplied by each ``1 - s`` and the penalties add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.errors import UsageError
from recommender.inference.estimates import Scores
from recommender.inference.histories import Viewer
from recommender.scale import FloatArray, IntArray

#: Share of the viewer's own genres that is mixed into those of a list, so that a genre which the
#: list lacks costs much, and not without end (Steck 2018, equation 5).
_SMOOTHING = 0.01


@dataclass(frozen=True)
class Diversity:
    """How a list is re-ranked; each strength goes from 0 (not at all) to 1 (nothing else counts).

    Attributes:
        variety: Strength of maximal marginal relevance on content features.
        calibration: Strength of calibration to the viewer's genres.
        unpopularity: Strength of the penalty on the logarithm of popularity.
        candidates: Best movies by score from which the list is chosen.
    """

    variety: float = 0.0
    calibration: float = 0.0
    unpopularity: float = 0.0
    candidates: int = 200

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            UsageError: A strength is not from 0 to 1, or there are no candidates.
        """
        for item in fields(self)[:3]:
            strength = getattr(self, item.name)
            if not 0.0 <= strength <= 1.0:
                raise UsageError("must be from 0 to 1", place=item.name, value=strength)
        if self.candidates < 1:
            raise UsageError("must be at least 1", place="candidates", value=self.candidates)

    @property
    def is_off(self) -> bool:
        """Whether lists stay as they are."""
        return self.variety == self.calibration == self.unpopularity == 0.0


class Penalty(Protocol):
    """What the next place of a list would cost with each candidate."""

    def costs(self) -> Scores:
        """Return the cost of each candidate, shape (c,)."""
        ...

    def choose(self, candidate: int) -> None:
        """Take note that ``candidate`` has got the next place."""
        ...


class Likeness:
    """Cosine to the most similar movie that is already in the list, at least 0.

    Args:
        features: Shape (c, d), of the candidates, rows of unit length or zero.
    """

    def __init__(self, features: FloatArray) -> None:
        self._cosines = features @ features.T
        self._nearest: FloatArray = np.zeros(len(features), dtype=self._cosines.dtype)

    def costs(self) -> Scores:
        """Return the likeness of each candidate, shape (c,)."""
        return np.asarray(self._nearest, dtype=np.float64)

    def choose(self, candidate: int) -> None:
        """Take note that ``candidate`` has got the next place."""
        np.maximum(self._nearest, self._cosines[candidate], out=self._nearest)


class Miscalibration:
    """Kullback-Leibler divergence of the list's genres from the viewer's, in nats.

    ``sum_g p(g) log(p(g) / ((1 - a) q(g) + a p(g)))`` with ``p`` the viewer's genres and ``q``
    those of the list, each a mean over movies.

    Args:
        genres: Shape (c, g), shares of genres of the candidates, rows summing to 1 or 0.
        target: Shape (g,), ``p``.
    """

    def __init__(self, genres: FloatArray, target: FloatArray) -> None:
        wanted = np.flatnonzero(target)
        self._target = np.asarray(target, dtype=np.float64)[wanted]
        self._negentropy = float(self._target @ np.log(self._target))
        # Of the smoothed sums over the list, what each candidate would add and what it stands on.
        # A movie has few genres, so that few logarithms change with it.
        self._added = (1.0 - _SMOOTHING) * np.asarray(genres, dtype=np.float64)[:, wanted]
        self._owners, self._columns = np.nonzero(self._added)
        self._entries = self._added[self._owners, self._columns]
        self._weights = self._target[self._columns]
        self._smoothing = _SMOOTHING * self._target
        self._base = self._smoothing.copy()
        self._length = 1

    def costs(self) -> Scores:
        """Return the divergence of the list with each candidate added, shape (c,)."""
        without = float(self._target @ np.log(self._base))
        more = self._entries / self._base[self._columns]
        more += 1.0
        np.log(more, out=more)
        more *= self._weights
        logarithms = np.bincount(self._owners, weights=more, minlength=len(self._added))
        return np.asarray(self._negentropy + math.log(self._length) - without - logarithms)

    def choose(self, candidate: int) -> None:
        """Take note that ``candidate`` has got the next place."""
        self._base += self._added[candidate]
        self._base += self._smoothing
        self._length += 1


class Popularity:
    """Logarithm of popularity, scaled to 0..1 over the candidates.

    Args:
        counts: Shape (c,), ratings of each candidate.
    """

    def __init__(self, counts: FloatArray) -> None:
        self._costs = to_unit_range(np.log1p(counts))

    def costs(self) -> Scores:
        """Return the scaled logarithm of each candidate, shape (c,)."""
        return self._costs

    def choose(self, candidate: int) -> None:
        """Take note that ``candidate`` has got the next place, which changes nothing."""


def divergence(target: FloatArray, shown: FloatArray) -> float:
    """Return how far a list's genres are from a viewer's, as `Miscalibration` has it, in nats.

    Args:
        target: Shape (g,), the viewer's, summing to 1.
        shown: Shape (g,), the list's.

    >>> round(divergence(np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0, 0.0])), 3)
    1.959
    """
    wanted = np.flatnonzero(target)
    goal = np.asarray(target, dtype=np.float64)[wanted]
    smooth = (1.0 - _SMOOTHING) * shown[wanted] + _SMOOTHING * goal
    return float(goal @ np.log(goal / smooth))


def to_unit_range(values: FloatArray) -> Scores:
    """Return ``values`` moved and scaled to 0..1, zeros if they are all the same.

    >>> to_unit_range(np.array([3.0, 1.0, 2.0])).tolist()
    [1.0, 0.0, 0.5]
    """
    exact = np.asarray(values, dtype=np.float64)
    low, high = float(exact.min(initial=np.inf)), float(exact.max(initial=-np.inf))
    return (exact - low) / (high - low) if high > low else np.zeros(exact.shape)


def choose_greedily(
    scores: FloatArray, k: int, penalties: Sequence[tuple[float, Penalty]]
) -> npt.NDArray[np.int64]:
    """Return the places of the chosen candidates, in the order of the new list.

    Args:
        scores: Shape (c,), ranking scores of the candidates, best first.
        k: Length of the list.
        penalties: Strengths and penalties; without any, the first ``k`` candidates are chosen.
    """
    values = to_unit_range(scores) * np.prod([1.0 - strength for strength, _ in penalties])
    chosen = np.empty(min(k, scores.size), dtype=np.int64)
    worth = np.empty_like(values)
    for place in range(chosen.size):
        np.copyto(worth, values)
        for strength, penalty in penalties:
            worth -= strength * penalty.costs()
        chosen[place] = candidate = int(worth.argmax())
        values[candidate] = -np.inf
        for _, penalty in penalties:
            penalty.choose(candidate)
    return chosen


@dataclass(frozen=True, eq=False)
class MovieFacts:
    """What re-ranking looks at.

    Attributes:
        features: Shape (n_movies, d), content features, rows of unit length or zero.
        counts: Shape (n_movies,), ratings of each movie or a multiple of them.
        genre_codes: Shape (n_movies,), which row of ``genre_shares`` a movie has.
        genre_shares: Shape (n_sets, g), shares of genres, rows summing to 1 or 0.
    """

    features: FloatArray
    counts: FloatArray
    genre_codes: IntArray
    genre_shares: FloatArray

    def genres_of(self, movies: IntArray, weights: FloatArray) -> Scores:
        """Return the weighted mean shares of genres, shape (g,); zeros without any weight.

        Args:
            movies: Shape (n,), positions.
            weights: Shape (n,), at least 0.
        """
        shares = weights @ self.genre_shares[self.genre_codes[movies]]
        total = float(shares.sum())
        return np.asarray(shares / total if total > 0.0 else shares, dtype=np.float64)

    def penalties(
        self, movies: IntArray, diversity: Diversity, target: Scores
    ) -> list[tuple[float, Penalty]]:
        """Return what is to be kept low in a list of some of ``movies``, with its strength.

        Args:
            movies: Shape (c,), positions of the candidates.
            diversity: The strengths.
            target: Shape (g,), the viewer's genres; zeros if they are not known, and then there
                is nothing to calibrate to.
        """
        found: list[tuple[float, Penalty]] = []
        if diversity.variety:
            found.append((diversity.variety, Likeness(self.features[movies])))
        if diversity.calibration and target.any():
            genres = self.genre_shares[self.genre_codes[movies]]
            found.append((diversity.calibration, Miscalibration(genres, target)))
        if diversity.unpopularity:
            found.append((diversity.unpopularity, Popularity(self.counts[movies])))
        return found


@dataclass(frozen=True, eq=False)
class Reranking:
    """Chooses lists among candidates.

    Attributes:
        diversity: The strengths.
        facts: What they look at.
    """

    diversity: Diversity
    facts: MovieFacts

    def n_candidates(self, k: int) -> int:
        """Return from how many of the best movies a list of ``k`` is chosen."""
        return k if self.diversity.is_off else max(k, self.diversity.candidates)

    def choose(
        self, viewer: Viewer, movies: IntArray, scores: FloatArray, k: int
    ) -> npt.NDArray[np.int64]:
        """Return which of the candidates make the list, in its order, as places among them.

        Args:
            viewer: For whom.
            movies: Shape (c,), positions of the candidates, best first.
            scores: Shape (c,), their ranking scores.
            k: Length of the list.
        """
        if self.diversity.is_off:
            return np.arange(min(k, movies.size))
        target = self.facts.genres_of(viewer.movies, viewer.grades)
        return choose_greedily(scores, k, self.facts.penalties(movies, self.diversity, target))
