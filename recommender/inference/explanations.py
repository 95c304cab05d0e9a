"""Why a movie has its score: exact sums of contributions, and the ratings it owes most to.

A ranking score is linear in the strengths of the rated movies, and a rating estimate in the stars
(`FoldIn.split`), so that each rated movie has a share and all parts add up to the score. A share
is not what would be lost without the movie: shares are divided by the sum of grades, older ratings
count for more when a later one is gone, and a fold-in shrinks less the more ratings there are.
`Reason.drop` is that loss, found by scoring again without the movie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from recommender.errors import UsageError
from recommender.inference.choices import SteeredRanking
from recommender.inference.components import RATING_PARTS, Components
from recommender.inference.estimates import Scores
from recommender.inference.histories import Viewer, Visitor
from recommender.inference.identifiers import UNKNOWN
from recommender.inference.rankings import (
    AlignedRanking,
    BlendRanking,
    ProfileRanking,
    Ranking,
    StaticRanking,
    SupportRanking,
)
from recommender.scale import IntArray
from recommender.scorer import ScorePath

PartKind = Literal["bias", "neighbour", "feature", "popularity", "wish", "chance"]

#: Rated movies of the largest contributions that are tried as reasons.
_TRIED = 5


@dataclass(frozen=True)
class Contribution:
    """One part of a score.

    Attributes:
        kind: ``neighbour`` for a rated movie that speaks for this one, ``feature`` for content
            and factors, ``popularity`` for what is said of the movie to anyone, ``wish`` for what
            the viewer asked for, ``chance`` for the roulette's noise, else ``bias``.
        label: What it is, in a word or two.
        value: What it adds to the score.
        movie_id: The rated movie that it comes from, if it is one.
    """

    kind: PartKind
    label: str
    value: float
    movie_id: int | None = None


@dataclass(frozen=True)
class Reason:
    """A rated movie without which the score were lower.

    Attributes:
        movie_id: The rated movie.
        contribution: The sum of the parts that come from it.
        drop: How much lower the score is without that rating, above 0.
    """

    movie_id: int
    contribution: float
    drop: float


@dataclass(frozen=True)
class Explanation:
    """Where a score comes from.

    Attributes:
        kind: Whether it is a ranking score or a rating estimate in stars.
        movie_id: The movie that is scored.
        score: The score.
        path: What it is made from.
        parts: Contributions; they sum to the score but for rounding (1e-6).
        reasons: Those of the most contributing rated movies without which the score is lower, the
            largest drop first. Drops are exact: of a ranking score under the same ranking (with
            fewer movies liked, and with none, weights are others), of a rating before the limits
            of the scale.
    """

    kind: Literal["ranking", "rating"]
    movie_id: int
    score: float
    path: ScorePath
    parts: tuple[Contribution, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, eq=False)
class Attribution:
    """A score as a sum.

    Attributes:
        fixed: What does not come from one rated movie.
        shares: Kind, label and the contribution of each rated movie, shape (n,).
    """

    fixed: tuple[Contribution, ...]
    shares: tuple[tuple[PartKind, str, Scores], ...] = ()

    @property
    def total(self) -> float:
        """The score."""
        history = sum(float(values.sum()) for _, _, values in self.shares)
        return history + sum(part.value for part in self.fixed)

    def by_movie(self, n_rated: int) -> Scores:
        """Return the contribution of each rated movie, shape (n_rated,)."""
        return sum((values for _, _, values in self.shares), start=np.zeros(n_rated))

    def limited_by(self, limit: Contribution) -> Attribution:
        """Return the score with one more part."""
        return replace(self, fixed=(*self.fixed, limit))

    def times(self, weight: float) -> Attribution:
        """Return ``weight`` times the score."""
        return Attribution(
            tuple(replace(part, value=weight * part.value) for part in self.fixed),
            tuple((kind, label, weight * values) for kind, label, values in self.shares),
        )

    def contributions(self, rated: IntArray) -> Iterator[Contribution]:
        """Yield what is not 0 of the sum.

        Args:
            rated: Shape (n,), the ids of the rated movies.
        """
        for kind, label, values in self.shares:
            for place in np.flatnonzero(values).tolist():
                yield Contribution(kind, label, float(values[place]), int(rated[place]))
        yield from (part for part in self.fixed if part.value)


@runtime_checkable
class SumsOverRatings(Protocol):
    """A ranking whose scores are sums over the ratings of the history and nothing else."""

    def contributions(self, viewer: Viewer, movie: int) -> Scores:
        """Return what each rating of the history adds to the score of ``movie``, shape (n,)."""
        ...


@singledispatch
def attribute_ranking(ranking: Ranking, viewer: Viewer, movie: int) -> Attribution:
    """Return the ranking score of ``movie`` (a position) as a sum.

    Raises:
        UsageError: There is no such sum for this kind of ranking.
    """
    if isinstance(ranking, SumsOverRatings):
        shares = ranking.contributions(viewer, movie)
        return Attribution((), (("neighbour", "watched together", shares),))
    raise UsageError("scores of this ranking cannot be explained", value=type(ranking).__name__)


@attribute_ranking.register
def _(ranking: StaticRanking, viewer: Viewer, movie: int) -> Attribution:
    del viewer
    return Attribution((Contribution("popularity", ranking.name, float(ranking.values[movie])),))


@attribute_ranking.register
def _(ranking: AlignedRanking, viewer: Viewer, movie: int) -> Attribution:
    if ranking.neighbours.known[movie]:
        return attribute_ranking(ranking.neighbours, viewer, movie)
    shares = ranking.contributions(viewer, movie)
    return Attribution((), (("neighbour", "watched with films like it", shares),))


@attribute_ranking.register
def _(ranking: SupportRanking, viewer: Viewer, movie: int) -> Attribution:
    return attribute_ranking(ranking.of(viewer), viewer, movie)


@attribute_ranking.register
def _(ranking: SteeredRanking, viewer: Viewer, movie: int) -> Attribution:
    found = attribute_ranking(ranking.inner, viewer, movie)
    added = tuple(
        Contribution("chance" if addition.by_chance else "wish", addition.label, value)
        for addition, value in ranking.added(viewer, movie)
    )
    return replace(found, fixed=(*found.fixed, *added))


@attribute_ranking.register
def _(ranking: ProfileRanking, viewer: Viewer, movie: int) -> Attribution:
    total = float(viewer.grades.sum())
    if total <= 0.0:
        return Attribution(())
    features = np.asarray(ranking.features[movie], dtype=np.float64)
    likeness = ranking.features[viewer.movies] @ features
    common = Contribution("feature", "content that is common", -float(ranking.centre @ features))
    return Attribution((common,), (("feature", "content", viewer.grades / total * likeness),))


@attribute_ranking.register
def _(ranking: BlendRanking, viewer: Viewer, movie: int) -> Attribution:
    parts = [
        attribute_ranking(signal, viewer, movie).times(weight)
        for signal, weight in ranking.weights_for(viewer)
    ]
    return Attribution(
        tuple(item for part in parts for item in part.fixed),
        tuple(item for part in parts for item in part.shares),
    )


def attribute_rating(components: Components, visitor: Visitor, movie: int) -> Attribution:
    """Return the hybrid's rating estimate of ``movie`` (a position) as a sum.

    The estimate is a blend, so each part is the blend of that part of the blended models: level,
    bias of the user and of the movie, and the product of factors. That is shared out over the
    ratings, but for what is expected of any user and what training found beyond the fold-in.
    """
    rated = visitor.history.movies.size
    folded = components.fold_in(visitor)
    level, weights = components.estimates_of(folded).shares(
        known_user=rated > 0, known_movie=bool(components.known_movies[movie])
    )
    sums = dict.fromkeys(("mean", "user", "movie", "expected factors", "trained factors"), 0.0)
    sums["mean"] = level
    shares = np.zeros(rated)
    for name, weight in zip(RATING_PARTS, weights.tolist(), strict=True):
        model, user = components.factors[name], folded[name]
        factors = np.asarray(model.movie_factors[movie], dtype=np.float64)
        sums["mean"] += weight * model.mean
        sums["movie"] += weight * float(model.movie_bias[movie])
        if rated:
            own, expected = user.fold.split(np.append(0.0, factors))
            shares += weight * own
            sums["user"] += weight * float(user.weights()[0])
            sums["trained factors"] += weight * float(factors @ user.trained[1:])
        else:
            expected = float(factors @ model.user_factors[UNKNOWN])
            sums["user"] += weight * float(model.user_bias[UNKNOWN])
        sums["expected factors"] += weight * expected
    fixed = tuple(
        Contribution("feature" if label.endswith("factors") else "bias", label, value)
        for label, value in sums.items()
    )
    return Attribution(fixed, (("neighbour", "rated alike", shares),))


def find_reasons(
    attribution: Attribution, rated: IntArray, without: Callable[[int], float]
) -> tuple[Reason, ...]:
    """Return the rated movies without which the score is lower, the largest drop first.

    Args:
        attribution: The score.
        rated: Shape (n,), the ids of the rated movies.
        without: Returns the score without the rating at a place of the history.
    """
    contributions = attribution.by_movie(rated.size)
    order = np.argsort(-contributions, kind="stable")[:_TRIED]
    total = attribution.total
    tried = [
        Reason(int(rated[place]), float(contributions[place]), total - without(place))
        for place in order[contributions[order] > 0.0].tolist()
    ]
    return tuple(sorted((item for item in tried if item.drop > 0.0), key=lambda item: -item.drop))


def without_rating(viewer: Viewer, place: int) -> Viewer:
    """Return the viewer without the rating at ``place`` of the history."""
    return replace(
        viewer, movies=np.delete(viewer.movies, place), grades=np.delete(viewer.grades, place)
    )
