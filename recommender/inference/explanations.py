"""Why a movie has its score: exact sums of contributions, and the ratings it owes most to.

A ranking score is linear in the strengths of the rated movies, and a rating estimate in the stars
(`FoldIn.split`), so that each rated movie has a share and all parts add up to the score. A share
is not what would be lost without the movie: shares are divided by the sum of grades, older ratings
count for more when a later one is gone, and a fold-in shrinks less the more ratings there are.
`Reason.drop` is that loss, found by scoring again without the movie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import numpy as np

from recommender.inference.attributions import Attribution, Contribution
from recommender.inference.components import RATING_PARTS, Components
from recommender.inference.histories import Visitor
from recommender.inference.identifiers import UNKNOWN
from recommender.inference.ranking_sums import RankingSums
from recommender.scale import IntArray
from recommender.scorer import ScorePath

#: Rated movies of the largest contributions that are tried as reasons.
_TRIED = 5


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


def find_reasons_of_list(sums: RankingSums, rated: IntArray) -> list[tuple[Reason, ...]]:
    """Return the reasons of each movie of a list; see `find_reasons`.

    A rating that is tried for several movies is taken away once.

    Args:
        sums: The scores.
        rated: Shape (n,), the ids of the rated movies.
    """
    without = cache(sums.totals_without)

    def without_for(item: int, place: int) -> float:
        return float(without(place)[item])

    return [
        find_reasons(found, rated, partial(without_for, item))
        for item, found in enumerate(sums.attributions())
    ]


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
