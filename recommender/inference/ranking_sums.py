"""The ranking scores of a list of movies as sums over the viewer's ratings.

Of the whole catalogue only the movies of the list are looked at, and what leads from each rating
to each of them is gathered once: trying a list without one of the ratings costs little more than
that rating's part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Protocol

import numpy as np

from recommender.errors import UsageError
from recommender.inference.attributions import Attribution, Contribution
from recommender.inference.choices import SteeredRanking
from recommender.inference.estimates import Scores
from recommender.inference.histories import Viewer
from recommender.inference.rankings import (
    AlignedRanking,
    BlendRanking,
    ImplicitRanking,
    NeighbourRanking,
    ProfileRanking,
    Ranking,
    StaticRanking,
    SupportRanking,
    settled,
)
from recommender.scale import IntArray

_TOGETHER, _ALIKE = "watched together", "watched with films like it"


class RankingSums(Protocol):
    """The ranking scores of ``m`` movies for a viewer with ``n`` ratings."""

    def attributions(self) -> list[Attribution]:
        """Return the score of each movie as a sum, ``m`` of them."""
        ...

    def totals_without(self, place: int) -> Scores:
        """Return the scores, shape (m,), if the viewer had not rated what is at ``place``."""
        ...


@singledispatch
def sums_of(ranking: Ranking, viewer: Viewer, movies: IntArray) -> RankingSums:
    """Return the ranking scores of ``movies`` (positions, shape (m,)) as sums.

    Raises:
        UsageError: There are no such sums for this kind of ranking.
    """
    del viewer, movies
    raise UsageError("scores of this ranking cannot be explained", value=type(ranking).__name__)


@sums_of.register
def _(ranking: StaticRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    del viewer
    return _StaticSums(ranking.name, np.asarray(ranking.values[movies], dtype=np.float64))


@sums_of.register
def _(ranking: NeighbourRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    weights = ranking.towards(viewer.movies, movies)
    return _NeighbourSums(ranking, viewer, weights, (_TOGETHER,) * movies.size)


@sums_of.register
def _(ranking: AlignedRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    known = ranking.neighbours.known[movies].tolist()
    labels = tuple(_TOGETHER if one else _ALIKE for one in known)
    weights = ranking.towards(viewer.movies, movies)
    return _NeighbourSums(ranking.neighbours, viewer, weights, labels)


@sums_of.register
def _(ranking: ImplicitRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    return _ImplicitSums(ranking, viewer, movies)


@sums_of.register
def _(ranking: ProfileRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    features = np.asarray(ranking.features[movies], dtype=np.float64)
    likeness = np.asarray(ranking.features[viewer.movies] @ features.T, dtype=np.float64)
    common = np.asarray(features @ ranking.centre, dtype=np.float64)
    return _ProfileSums(np.asarray(viewer.grades, dtype=np.float64), likeness, common)


@sums_of.register
def _(ranking: BlendRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    parts = [sums_of(signal, viewer, movies) for signal, _ in ranking.weights_for(viewer)]
    return _BlendSums(ranking, viewer, parts, movies.size)


@sums_of.register
def _(ranking: SupportRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    return sums_of(ranking.of(viewer), viewer, movies)


@sums_of.register
def _(ranking: SteeredRanking, viewer: Viewer, movies: IntArray) -> RankingSums:
    steered = replace(ranking, inner=settled(ranking.inner, viewer))
    return _SteeredSums(steered, viewer, movies, sums_of(steered.inner, viewer, movies))


@dataclass(frozen=True, eq=False)
class _StaticSums:
    """What is the same for everyone; ``values`` of shape (m,)."""

    name: str
    values: Scores

    def attributions(self) -> list[Attribution]:
        return [
            Attribution((Contribution("popularity", self.name, value),))
            for value in self.values.tolist()
        ]

    def totals_without(self, place: int) -> Scores:
        del place
        return self.values


@dataclass(frozen=True, eq=False)
class _NeighbourSums:
    """Strengths of the ratings, times ``weights`` from each to each movie, shape (n, m)."""

    ranking: NeighbourRanking
    viewer: Viewer
    weights: Scores
    labels: Sequence[str]

    def attributions(self) -> list[Attribution]:
        shares = self.ranking.strengths(self.viewer) * self.weights.T
        return [
            Attribution((), (("neighbour", label, values),))
            for label, values in zip(self.labels, shares, strict=True)
        ]

    def totals_without(self, place: int) -> Scores:
        strengths = self.ranking.strengths(without_rating(self.viewer, place))
        return np.asarray(strengths @ np.delete(self.weights, place, axis=0))


@dataclass(frozen=True, eq=False)
class _ImplicitSums:
    """Products of the factors of ``movies``, shape (m,), with those of the viewer."""

    ranking: ImplicitRanking
    viewer: Viewer
    movies: IntArray

    def attributions(self) -> list[Attribution]:
        shares = self.ranking.contributions(self.viewer, self.movies)
        return [Attribution((), (("neighbour", _TOGETHER, values),)) for values in shares.T]

    def totals_without(self, place: int) -> Scores:
        factors = self.ranking.viewer_factors(without_rating(self.viewer, place))
        return np.asarray(np.asarray(self.ranking.factors[self.movies], np.float64) @ factors)


@dataclass(frozen=True, eq=False)
class _ProfileSums:
    """Mean likeness to what was graded, beyond what is common.

    Attributes:
        grades: Shape (n,).
        likeness: Shape (n, m), of each rated movie to each movie.
        common: Shape (m,), of each movie to what is common.
    """

    grades: Scores
    likeness: Scores
    common: Scores

    def attributions(self) -> list[Attribution]:
        total = float(self.grades.sum())
        if total <= 0.0:
            return [Attribution(()) for _ in self.common]
        shares = self.grades / total * self.likeness.T
        return [
            Attribution(
                (Contribution("feature", "content that is common", -common),),
                (("feature", "content", values),),
            )
            for common, values in zip(self.common.tolist(), shares, strict=True)
        ]

    def totals_without(self, place: int) -> Scores:
        grades = self.grades.copy()
        grades[place] = 0.0
        total = float(grades.sum())
        if total <= 0.0:
            return np.zeros_like(self.common)
        return np.asarray(grades @ self.likeness / total - self.common)


@dataclass(frozen=True, eq=False)
class _BlendSums:
    """The weighted sum of ``parts``; without a rating the weights are others."""

    ranking: BlendRanking
    viewer: Viewer
    parts: Sequence[RankingSums]
    n_movies: int

    def attributions(self) -> list[Attribution]:
        weights = [weight for _, weight in self.ranking.weights_for(self.viewer)]
        of_parts = [part.attributions() for part in self.parts]
        return [
            Attribution.sum_of(
                part[place].times(weight) for part, weight in zip(of_parts, weights, strict=True)
            )
            for place in range(self.n_movies)
        ]

    def totals_without(self, place: int) -> Scores:
        weights = self.ranking.weights_for(without_rating(self.viewer, place))
        totals = np.zeros(self.n_movies)
        for part, (_, weight) in zip(self.parts, weights, strict=True):
            totals += weight * part.totals_without(place)
        return totals


@dataclass(frozen=True, eq=False)
class _SteeredSums:
    """The sums ``inner`` of ``movies``, shape (m,), with what is added to each."""

    ranking: SteeredRanking
    viewer: Viewer
    movies: IntArray
    inner: RankingSums

    def attributions(self) -> list[Attribution]:
        added = self.ranking.added(self.viewer, self.movies)
        return [
            Attribution.sum_of((found, self._fixed(values)))
            for found, values in zip(self.inner.attributions(), added.T, strict=True)
        ]

    def _fixed(self, values: Scores) -> Attribution:
        pairs = zip(self.ranking.additions, values.tolist(), strict=True)
        return Attribution(
            tuple(
                Contribution("chance" if addition.by_chance else "wish", addition.label, value)
                for addition, value in pairs
            )
        )

    def totals_without(self, place: int) -> Scores:
        added = self.ranking.added(without_rating(self.viewer, place), self.movies)
        return np.asarray(self.inner.totals_without(place) + added.sum(axis=0))


def without_rating(viewer: Viewer, place: int) -> Viewer:
    """Return the viewer without the rating at ``place`` of the history."""
    return replace(
        viewer, movies=np.delete(viewer.movies, place), grades=np.delete(viewer.grades, place)
    )
