"""How much users and movies differ from the mean, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.inference.scores import FactorScores
from recommender.models.array_scorer import ArrayScorer
from recommender.models.interactions import Interactions
from recommender.schema import Dataset

_ROUNDS = 10


@dataclass(eq=False)
class BiasScorer(ArrayScorer):
    """The baseline ``mean + b_u + b_i`` with damped means, fitted in turns.

    ``b_i = sum_u (r_ui - mean - b_u) / (n_i + d_i)`` and likewise for users, ten rounds
    (Koren 2010, "Factor in the neighbors", section 2.1, with the damping as a ridge penalty).

    Attributes:
        user_damping: Pseudo-ratings of 0 that pull a user's bias to zero.
        movie_damping: The same for a movie.
    """

    user_damping: float = 5.0
    movie_damping: float = 5.0
    name: str = "bias"

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:  # noqa: ARG002 - the facts of the movies are for content
        """Fit the biases."""
        data = interactions
        user_bias = np.zeros(len(data.users) + 1)
        movie_bias = np.zeros(len(data.movies) + 1)
        above = data.rating - data.mean
        for _ in range(_ROUNDS):
            sums = np.bincount(data.movie, above - user_bias[data.user], len(data.movies) + 1)
            movie_bias = sums / np.maximum(data.movie_counts + self.movie_damping, 1e-12)
            sums = np.bincount(data.user, above - movie_bias[data.movie], len(data.users) + 1)
            user_bias = sums / np.maximum(data.user_counts + self.user_damping, 1e-12)
        self.interactions = data
        self.scores = FactorScores(
            mean=data.mean,
            user_bias=user_bias,
            movie_bias=movie_bias,
            user_factors=np.zeros((user_bias.size, 0)),
            movie_factors=np.zeros((movie_bias.size, 0)),
        )
        return self
