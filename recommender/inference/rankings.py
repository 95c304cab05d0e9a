"""Ranking scores of the whole catalogue for one viewer.

Everything personal is computed from the viewer's history when asked, so a history that changed a
moment ago, or one that belongs to nobody, is ranked for without training again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from recommender.inference.estimates import Estimates, Scores
from recommender.inference.histories import NOBODY, Viewer
from recommender.scale import FloatArray, IntArray
from recommender.scorer import ScorePath


class Ranking(Protocol):
    """Scores by which the catalogue is ordered for a viewer; they are not ratings."""

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,), finite."""
        ...

    def path(self, viewer: Viewer) -> ScorePath:
        """Return what the scores are made from."""
        ...


@runtime_checkable
class _Adds(Protocol):
    """Something that adds to scores in place, which saves passes over the catalogue."""

    def add_to(self, scores: Scores, viewer: Viewer, weight: float) -> None:
        """Add ``weight`` times the score of every movie to ``scores``, shape (n_movies,)."""
        ...


@dataclass(frozen=True, eq=False)
class StaticRanking:
    """The same scores for everyone.

    Attributes:
        values: Shape (n_movies,).
        name: What they are, for explanations.
    """

    values: FloatArray
    name: str = "popularity"

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,)."""
        del viewer
        return np.asarray(self.values, dtype=np.float64)

    def path(self, viewer: Viewer) -> ScorePath:
        """Return ``popular``: nothing here is personal."""
        del viewer
        return "popular"


@dataclass(frozen=True, eq=False)
class EstimateRanking:
    """A user's rating estimates as ranking scores.

    Attributes:
        estimates: Where they come from.
    """

    estimates: Estimates

    def scores(self, viewer: Viewer) -> Scores:
        """Return the estimate of every movie, shape (n_movies,)."""
        return self.estimates.row(viewer.position)

    def path(self, viewer: Viewer) -> ScorePath:
        """Return ``personal``."""
        del viewer
        return "personal"


@dataclass(frozen=True, eq=False)
class NeighbourRanking:
    """Sums of item-item weights over a history, in which recent ratings may count for more.

    ``score[i] = sum_j grade_j (lasting + recent 0.5^(age_j / half_life)) W[j, i]``, with the age
    of a rating in ratings that came after it.

    Attributes:
        starts: Shape (n_movies + 1,), where each movie's weights begin.
        movies: Shape (n,), positions of the movies that the weights lead to, rising in a row.
        weights: Shape (n,).
        lasting: How much every rating counts.
        recent: How much the latest one counts besides.
        half_life: Ratings after which that has fallen to half.
    """

    starts: IntArray
    movies: IntArray
    weights: FloatArray
    lasting: float = 1.0
    recent: float = 0.0
    half_life: float = 1.0

    def strengths(self, viewer: Viewer) -> Scores:
        """Return how much each rating of the history counts, shape (n,)."""
        age = np.arange(viewer.movies.size)[::-1]
        return np.asarray(
            viewer.grades * (self.lasting + self.recent * 0.5 ** (age / self.half_life))
        )

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,)."""
        strength = self.strengths(viewer)
        liked = np.flatnonzero(strength)
        rows = viewer.movies[liked]
        values = np.repeat(strength[liked], self.starts[rows + 1] - self.starts[rows])
        values *= self._joined(self.weights, rows)
        n_movies = self.starts.size - 1
        sums = np.bincount(self._joined(self.movies, rows), weights=values, minlength=n_movies)
        return np.asarray(sums, dtype=np.float64)

    def _joined(self, entries: npt.NDArray[Any], rows: IntArray) -> npt.NDArray[Any]:
        """Return the entries of several rows, one row after the other."""
        ends = zip(self.starts[rows].tolist(), self.starts[rows + 1].tolist(), strict=True)
        return np.concatenate([entries[:0], *(entries[start:end] for start, end in ends)])

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """Shape (n_movies,), which movies have weights."""
        return np.diff(self.starts) > 0

    def path(self, viewer: Viewer) -> ScorePath:
        """Return ``personal`` if a movie that speaks for others is in the history.

        A history of movies without weights leaves ``content``, and one in which nothing was
        liked ``popular``.
        """
        liked = viewer.movies[viewer.grades > 0]
        if not liked.size:
            return "popular"
        return "personal" if (self.starts[liked + 1] > self.starts[liked]).any() else "content"

    def reached(self, viewer: Viewer, movies: IntArray) -> npt.NDArray[np.bool_]:
        """Return whether something liked has a weight to each of ``movies``, shape (n,)."""
        wanted = np.zeros(self.starts.size - 1, dtype=np.bool_)
        wanted[movies] = True
        led_to = self._joined(self.movies, viewer.movies[viewer.grades > 0])
        found = np.zeros_like(wanted)
        found[led_to[wanted[led_to]]] = True
        return found[movies]

    def towards(self, rated: IntArray, movies: IntArray) -> Scores:
        """Return the weight from each of ``rated`` to each of ``movies``, shape (n, m)."""
        distinct, column = np.unique(movies, return_inverse=True)
        columns = np.full(self.starts.size - 1, distinct.size)
        columns[distinct] = np.arange(distinct.size)
        led_to = columns[self._joined(self.movies, rated)]
        hits = np.flatnonzero(led_to < distinct.size)
        owner = np.repeat(np.arange(rated.size), self.starts[rated + 1] - self.starts[rated])
        weights = np.zeros((rated.size, distinct.size))
        weights[owner[hits], led_to[hits]] = self._joined(self.weights, rated)[hits]
        return weights[:, column]

    def row(self, movie: int) -> Scores:
        """Return the weights from ``movie`` to every movie, shape (n_movies,)."""
        rows = slice(int(self.starts[movie]), int(self.starts[movie + 1]))
        dense = np.zeros(self.starts.size - 1)
        dense[self.movies[rows]] = self.weights[rows]
        return dense


@dataclass(frozen=True, eq=False)
class AlignedRanking:
    """Sums of item-item weights, for movies that have none of weights that content lets expect.

    Attributes:
        neighbours: The weights.
        features: Shape (n_movies, d), content features.
        loadings: Shape (n_movies, 1 + d): the weight from movie j to a movie i without weights is
            ``loadings[j] . (1, features[i])``.
    """

    neighbours: NeighbourRanking
    features: FloatArray
    loadings: FloatArray

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,)."""
        level, direction = self.expected(viewer)
        scores = level + _products(self.features, direction)
        np.copyto(scores, self.neighbours.scores(viewer), where=self.neighbours.known)
        return scores

    def expected(self, viewer: Viewer) -> tuple[float, Scores]:
        """Return what a movie without weights gets: a level, and a product, shape (d,)."""
        expected = self.neighbours.strengths(viewer) @ self.loadings[viewer.movies]
        return float(expected[0]), expected[1:]

    def towards(self, rated: IntArray, movies: IntArray) -> Scores:
        """Return the weight from each of ``rated`` to each of ``movies``, shape (n, m)."""
        weights = self.neighbours.towards(rated, movies)
        unknown = np.flatnonzero(~self.neighbours.known[movies])
        described = np.insert(
            np.asarray(self.features[movies[unknown]], np.float64), 0, 1.0, axis=1
        )
        weights[:, unknown] = self.loadings[rated] @ described.T
        return weights

    def path(self, viewer: Viewer) -> ScorePath:
        """Return what the weights are summed over; see `NeighbourRanking.path`."""
        return self.neighbours.path(viewer)


@dataclass(frozen=True, eq=False)
class ImplicitRanking:
    """Products of movie factors with those of the viewer, which follow from the history.

    Hu, Koren and Volinsky 2008, equation 4: with ``Y_u`` the factors of what was graded above 0 and
    ``c_u = 1 + alpha grade`` its confidences, the viewer's factors are

        x_u = (Y'Y + lambda I + Y_u' diag(c_u - 1) Y_u)^-1 Y_u' c_u.

    Attributes:
        factors: Shape (n_movies, d).
        gram: Shape (d, d), ``Y'Y + lambda I``.
        alpha: How much a grade adds to confidence.
    """

    factors: FloatArray
    gram: FloatArray
    alpha: float

    @classmethod
    def of(cls, factors: FloatArray, regularization: float, alpha: float) -> Self:
        """Return the ranking by these factors, learned with this ``lambda``."""
        exact = np.asarray(factors, dtype=np.float64)
        return cls(factors, exact.T @ exact + regularization * np.eye(exact.shape[1]), alpha)

    def viewer_factors(self, viewer: Viewer) -> Scores:
        """Return ``x_u``, shape (d,)."""
        own, system, confidence = self._equations(viewer)
        solved = np.linalg.solve(system, own.T @ confidence)
        return np.asarray(solved, dtype=np.float64)

    def contributions(self, viewer: Viewer, movies: IntArray) -> Scores:
        """Return what each rating of the history adds to the scores of ``movies``, shape (n, m).

        Hu, Koren and Volinsky 2008, section 5: ``c_uj y_i' A^-1 y_j``, with ``A`` the inverted
        matrix of equation 4.
        """
        own, system, confidence = self._equations(viewer)
        towards = np.linalg.solve(system, np.asarray(self.factors[movies], dtype=np.float64).T)
        added = np.zeros((viewer.movies.size, movies.size))
        added[viewer.grades > 0] = confidence[:, np.newaxis] * (own @ towards)
        return added

    def _equations(self, viewer: Viewer) -> tuple[Scores, Scores, Scores]:
        """Return ``Y_u``, the matrix of equation 4, and ``c_u``."""
        liked = viewer.grades > 0
        own = np.asarray(self.factors[viewer.movies[liked]], dtype=np.float64)
        added = self.alpha * viewer.grades[liked]
        system = np.asarray(self.gram + (own.T * added) @ own, dtype=np.float64)
        return own, system, np.asarray(1.0 + added, dtype=np.float64)

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,)."""
        return _products(self.factors, self.viewer_factors(viewer))

    def add_to(self, scores: Scores, viewer: Viewer, weight: float) -> None:
        """Add ``weight`` times the score of every movie to ``scores``, shape (n_movies,)."""
        factors = weight * self.viewer_factors(viewer)
        scores += self.factors @ factors.astype(self.factors.dtype)

    def path(self, viewer: Viewer) -> ScorePath:
        """Return ``personal`` if a movie with factors was liked.

        Only movies without any leave ``content``, and nothing liked ``popular``.
        """
        liked = viewer.movies[viewer.grades > 0]
        if not liked.size:
            return "popular"
        return "personal" if self.any_factors(liked) else "content"

    def any_factors(self, movies: IntArray) -> bool:
        """Return whether there are factors of any of ``movies``, shape (n,)."""
        return any(self.factors[movie].any() for movie in movies.tolist())


@dataclass(frozen=True, eq=False)
class ProfileRanking:
    """Likeness of each movie's features to the mean features of a history.

    Attributes:
        features: Shape (n_movies, d), rows of unit length or zero.
        centre: Shape (d,), the mean features of everything that is watched; a profile is what
            lies beyond it.
    """

    features: FloatArray
    centre: FloatArray

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,); zeros without graded history."""
        return _products(self.features, self.profile(viewer))

    def profile(self, viewer: Viewer) -> Scores:
        """Return the viewer's features beyond the common, shape (d,); zeros without any."""
        total = float(viewer.grades.sum())
        if total <= 0.0:
            return np.zeros(self.features.shape[1])
        return np.asarray(viewer.grades @ self.features[viewer.movies] / total - self.centre)

    def path(self, viewer: Viewer) -> ScorePath:
        """Return ``content``, or ``popular`` for a history in which nothing was liked."""
        return "content" if viewer.grades.any() else "popular"


@dataclass(frozen=True, eq=False)
class _ContentRanking:
    """The weighted sum of two rankings over the same features, in one pass over these.

    Attributes:
        aligned: One of them.
        profile: The other one.
        weights: The weight of each.
    """

    aligned: AlignedRanking
    profile: ProfileRanking
    weights: tuple[float, float]

    def add_to(self, scores: Scores, viewer: Viewer, weight: float) -> None:
        """Add ``weight`` times the score of every movie to ``scores``, shape (n_movies,)."""
        aligned_by, profile_by = weight * self.weights[0], weight * self.weights[1]
        level, direction = self.aligned.expected(viewer)
        profile = profile_by * self.profile.profile(viewer)
        known, features = self._known
        both = aligned_by * direction + profile
        added = self.profile.features @ both.astype(features.dtype)
        added[known] = features @ profile.astype(features.dtype)
        scores += added
        scores += aligned_by * level
        scores[known] += aligned_by * (self.aligned.neighbours.scores(viewer)[known] - level)

    @cached_property
    def _known(self) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """The positions of movies that have weights, and their features."""
        known = np.flatnonzero(self.aligned.neighbours.known)
        return known, np.asfortranarray(self.profile.features[known])


@dataclass(frozen=True, eq=False)
class BlendRanking:
    """A weighted sum of other rankings; the first one says what a list is made from.

    What is the same for everyone is summed once, and what is made of the same features in one
    pass, so that a request costs only what is personal. That has as much of its weight as the
    support of the viewer warrants; see `personal_share`.

    Attributes:
        signals: The rankings.
        weights: One for each.
        handover: Support at which what is personal has half its weight; 0 if always all of it.
    """

    signals: Sequence[Ranking]
    weights: Sequence[float]
    handover: float = 0.0

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,)."""
        scores = self._common.copy()
        share = self.share(viewer)
        for signal, weight in self._personal:
            if isinstance(signal, _Adds):
                signal.add_to(scores, viewer, share * weight)
            else:
                scores += share * weight * signal.scores(viewer)
        return scores

    def share(self, viewer: Viewer) -> float:
        """Return how much of its weight what is personal has for this viewer, from 0 to 1."""
        return float(personal_share(int(np.count_nonzero(viewer.grades)), self.handover))

    def weights_for(self, viewer: Viewer) -> tuple[tuple[Ranking, float], ...]:
        """Return what is summed for this viewer, and the weight of each."""
        share = self.share(viewer)
        return tuple(
            (signal, weight if isinstance(signal, StaticRanking) else share * weight)
            for signal, weight in self._weighted
        )

    @cached_property
    def _common(self) -> Scores:
        """Shape (n_movies,), the sum of what is the same for everyone."""
        common = np.zeros_like(self.signals[0].scores(NOBODY))
        for signal, weight in self._weighted:
            if isinstance(signal, StaticRanking):
                common += weight * signal.values
        return common

    @cached_property
    def _personal(self) -> tuple[tuple[Ranking | _Adds, float], ...]:
        """What is summed for each viewer; see `_ContentRanking`."""
        personal = [pair for pair in self._weighted if not isinstance(pair[0], StaticRanking)]
        aligned = [(one, by) for one, by in personal if isinstance(one, AlignedRanking)]
        profiles = [(one, by) for one, by in personal if isinstance(one, ProfileRanking)]
        if not (len(aligned) == len(profiles) == 1):
            return tuple(personal)
        (first, weight), (second, profile_weight) = aligned[0], profiles[0]
        if not np.array_equal(first.features, second.features):
            return tuple(personal)
        both = _ContentRanking(first, second, (weight, profile_weight))
        others = [pair for pair in personal if pair[0] is not first and pair[0] is not second]
        return ((both, 1.0), *others)

    @cached_property
    def _weighted(self) -> tuple[tuple[Ranking, float], ...]:
        pairs = zip(self.signals, self.weights, strict=True)
        return tuple((signal, weight) for signal, weight in pairs if weight)

    def path(self, viewer: Viewer) -> ScorePath:
        """Return what the first ranking is made from."""
        return self.signals[0].path(viewer)


@dataclass(frozen=True, eq=False)
class SupportRanking:
    """Other rankings by how many movies of the history were liked.

    Attributes:
        groups: The least support of each group, the first 0, and its ranking; rising.
        unknown: For histories in which only movies without weights were liked.
        cold: For histories in which nothing was liked.
        neighbours: The weights.
    """

    groups: Sequence[tuple[int, Ranking]]
    unknown: Ranking
    cold: Ranking
    neighbours: NeighbourRanking

    def of(self, viewer: Viewer) -> Ranking:
        """Return the ranking that this viewer gets."""
        path = self.neighbours.path(viewer)
        if path != "personal":
            return self.unknown if path == "content" else self.cold
        support = np.count_nonzero(viewer.grades)
        return next(ranking for least, ranking in reversed(self.groups) if support >= least)

    def scores(self, viewer: Viewer) -> Scores:
        """Return the score of every movie, shape (n_movies,)."""
        return self.of(viewer).scores(viewer)

    def path(self, viewer: Viewer) -> ScorePath:
        """Return what the scores are made from."""
        return self.neighbours.path(viewer)


def settled(ranking: Ranking, viewer: Viewer) -> Ranking:
    """Return the ranking that a viewer gets where it depends on the support, else ``ranking``."""
    return ranking.of(viewer) if isinstance(ranking, SupportRanking) else ranking


def personal_share(support: int | IntArray, handover: float) -> Scores:
    """Return how much of its weight what is personal has: ``n / (n + handover)``.

    A history of ``n`` movies that were liked says something about a viewer, and what is known of
    everyone says the rest. The fewer there are, the more is left to the latter, as the mean of a
    sample is shrunk to that of the population (Efron and Morris 1975).

    Args:
        support: How many movies of a history were liked, any shape.
        handover: Support at which the share is a half; 0 if it is always 1.

    >>> personal_share(np.array([1, 20, 180]), 20.0).round(3).tolist()
    [0.048, 0.5, 0.9]
    """
    liked = np.asarray(support, dtype=np.float64)
    return np.ones_like(liked) if handover == 0.0 else liked / (liked + handover)


def _products(rows: FloatArray, direction: FloatArray) -> Scores:
    """Return the product of each row with ``direction``, at the precision of the rows."""
    return np.asarray(rows @ direction.astype(rows.dtype), dtype=np.float64)


def best(scores: Scores, k: int, excluded: IntArray) -> npt.NDArray[np.int64]:
    """Return the positions of the ``k`` highest scores, best first, ties by position.

    Args:
        scores: Shape (n,), finite.
        k: Most positions to return, at least 1.
        excluded: Positions that must not return.

    >>> best(np.array([1.0, 3.0, 3.0, 2.0]), 2, np.array([1])).tolist()
    [2, 3]
    """
    left = np.array(scores, dtype=np.float64)
    left[excluded] = -np.inf
    n = min(k, left.size - excluded.size)
    if n < k:
        n = min(k, left.size - np.unique(excluded).size)
    if n <= 0:
        return np.zeros(0, dtype=np.int64)
    promising = _promising(left, n)
    left = left[promising]
    # Everything above the n-th best score, and as many ties with it as there are places left.
    limit = np.partition(left, left.size - n)[left.size - n]
    above = np.flatnonzero(left > limit)
    ties = np.flatnonzero(left == limit)[: n - above.size]
    chosen = np.concatenate([above, ties])
    order = np.lexsort((chosen, -left[chosen]))
    return np.asarray(promising[chosen[order]], dtype=np.int64)


def _promising(scores: Scores, n: int) -> npt.NDArray[np.int64]:
    """Return positions, rising, among which are those of the ``n`` highest scores and their ties.

    Whatever reaches a high score of a sample is few; where it is fewer than ``n``, it is all.
    """
    sample = scores[::_STRIDE]
    place = sample.size - 1 - (_MARGIN + 2 * n // _STRIDE)
    if place < 0:
        return np.arange(scores.size)
    found = np.flatnonzero(scores >= np.partition(sample, place)[place])
    return found if found.size >= n else np.arange(scores.size)


#: One score in so many is sampled; about this many of the sample should be among the promising.
_STRIDE = 64
_MARGIN = 8
