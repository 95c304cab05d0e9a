"""Surprise's matrix factorizations, fitted by Surprise and exported to arrays."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from surprise import NMF, SVD, Trainset

from recommender.inference.scores import FactorScores
from recommender.models.array_scorer import ArrayScorer
from recommender.models.interactions import Interactions
from recommender.schema import Dataset, FloatArray, IntArray


@dataclass(eq=False)
class SVDScorer(ArrayScorer):
    """``mean + b_u + b_i + p_u . q_i`` by stochastic gradient descent (Funk 2006, Koren 2009).

    scikit-surprise's ``SVD``; estimates agree with its own to 1e-6.

    Attributes:
        n_factors: Latent factors.
        n_epochs: Passes over the ratings.
        learning_rate: Step of the descent, for all parameters.
        regularization: L2 penalty, for all parameters.
        seed: Seed of the starting factors.
    """

    n_factors: int = 50
    n_epochs: int = 20
    learning_rate: float = 0.005
    regularization: float = 0.05
    seed: int = 0
    name: str = "svd"

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:  # noqa: ARG002 - as in BiasScorer
        """Fit with Surprise and keep the arrays."""
        model = SVD(
            n_factors=self.n_factors,
            n_epochs=self.n_epochs,
            lr_all=self.learning_rate,
            reg_all=self.regularization,
            random_state=self.seed,
        )
        trainset, users, movies = surprise_trainset(interactions)
        model.fit(trainset)
        n_users, n_movies = len(interactions.users), len(interactions.movies)
        self.interactions = interactions
        self.scores = FactorScores(
            mean=float(trainset.global_mean),
            user_bias=_spread(model.bu, users, n_users),
            movie_bias=_spread(model.bi, movies, n_movies),
            user_factors=_spread(model.pu, users, n_users),
            movie_factors=_spread(model.qi, movies, n_movies),
        )
        return self


@dataclass(eq=False)
class NMFScorer(ArrayScorer):
    """``p_u . q_i`` with factors of no negative entry (Luo et al. 2014).

    scikit-surprise's ``NMF``; estimates agree with its own to 1e-6. Where user or movie has no
    ratings, the estimate is the global mean, as it is there.

    Attributes:
        n_factors: Latent factors.
        n_epochs: Passes over the ratings.
        seed: Seed of the starting factors.
    """

    n_factors: int = 15
    n_epochs: int = 30
    seed: int = 0
    name: str = "nmf"

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:  # noqa: ARG002 - as in BiasScorer
        """Fit with Surprise and keep the arrays."""
        model = NMF(n_factors=self.n_factors, n_epochs=self.n_epochs, random_state=self.seed)
        trainset, users, movies = surprise_trainset(interactions)
        model.fit(trainset)
        n_users, n_movies = len(interactions.users), len(interactions.movies)
        self.interactions = interactions
        # The estimate has no mean of its own: it stands in only where a factor is missing.
        mean = float(trainset.global_mean)
        self.scores = FactorScores(
            mean=mean,
            user_bias=np.full(n_users + 1, -mean),
            movie_bias=np.zeros(n_movies + 1),
            user_factors=_spread(model.pu, users, n_users),
            movie_factors=_spread(model.qi, movies, n_movies),
            needs_both=True,
        )
        return self


def surprise_trainset(data: Interactions) -> tuple[Any, IntArray, IntArray]:
    """Return Surprise's training set, and the positions of its users and of its movies.

    Surprise numbers only users and movies that have ratings.
    """
    movies, inner = np.unique(data.movie, return_inverse=True)
    users, place = np.unique(data.user, return_inverse=True)
    by_user: dict[int, list[tuple[int, float]]] = defaultdict(list)
    by_movie: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for user, movie, rating in zip(
        place.tolist(), inner.tolist(), data.rating.tolist(), strict=True
    ):
        by_user[user].append((movie, rating))
        by_movie[movie].append((user, rating))
    trainset = Trainset(
        ur=by_user,
        ir=by_movie,
        n_users=users.size,
        n_items=movies.size,
        n_ratings=len(data),
        rating_scale=(data.scale.minimum, data.scale.maximum),
        raw2inner_id_users={user: row for row, user in enumerate(users.tolist())},
        raw2inner_id_items={movie: row for row, movie in enumerate(movies.tolist())},
    )
    return trainset, users, movies


def _spread(rows: FloatArray, positions: IntArray, n: int) -> FloatArray:
    """Return ``rows`` at their positions among ``n + 1`` rows of zeros."""
    spread = np.zeros((n + 1, *rows.shape[1:]))
    spread[positions] = rows
    return spread
