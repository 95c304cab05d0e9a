"""What is watched most, recent ratings counting more, and what is rated best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.inference.scores import FactorScores
from recommender.models.array_scorer import ArrayScorer
from recommender.models.interactions import Interactions
from recommender.schema import Dataset, FloatArray

_DAY = 86400.0


@dataclass(eq=False)
class PopularityScorer(ArrayScorer):
    """Ranks by ``sum 0.5 ** (age / half_life)`` over a movie's ratings; the same for everybody.

    Its rating estimate is the movie's damped mean ``(sum r + d m) / (n + d)``.

    Attributes:
        half_life_days: Age at which a rating counts half, in days before the newest rating.
        damping: Pseudo-ratings ``d`` that pull a movie's mean to the global mean ``m``.
        popularity: Shape (n_movies,), scaled so that the largest is 1.
    """

    half_life_days: float = 365.0
    damping: float = 10.0
    name: str = "popularity"

    popularity: FloatArray | None = None

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:  # noqa: ARG002 - as in BiasScorer
        """Count the ratings and average the stars."""
        data = interactions
        age_days = (data.timestamp.max() - data.timestamp) / _DAY
        counts = np.bincount(data.movie, 0.5 ** (age_days / self.half_life_days), len(data.movies))
        self.popularity = counts / counts.max()
        above = np.bincount(data.movie, data.rating - data.mean, len(data.movies) + 1)
        damped = above / np.maximum(data.movie_counts + self.damping, 1e-12)
        n_users = len(data.users) + 1
        self.interactions = data
        self.scores = FactorScores(
            mean=data.mean,
            user_bias=np.zeros(n_users),
            movie_bias=damped,
            user_factors=np.zeros((n_users, 0)),
            movie_factors=np.zeros((damped.size, 0)),
        )
        return self

    def rank(self, user: int | None) -> FloatArray:  # noqa: ARG002 - the same for everybody
        """Return the popularity of every movie."""
        assert self.popularity is not None  # noqa: S101 - set by fit
        return self.popularity
