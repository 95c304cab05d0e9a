"""Rating estimates from arrays: the same code measures a model in training and serves it.

Users and movies are positions; `UNKNOWN` takes the last row of every array, which holds what is
assumed of someone or something new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.inference.identifiers import UNKNOWN
from recommender.scale import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]


class Estimates(Protocol):
    """Rating estimates in stars, not yet limited to the scale."""

    def pairs(self, users: IntArray, movies: IntArray) -> Scores:
        """Return the estimate of each pair of positions, shape (n,)."""
        ...

    def row(self, user: int) -> Scores:
        """Return one user's estimates of the whole catalogue, shape (n_movies,)."""
        ...


@dataclass(frozen=True, eq=False)
class FactorEstimates:
    """``mean + user_bias[u] + movie_bias[i] + user_factors[u] . movie_factors[i]``.

    Attributes:
        mean: Level, in stars.
        user_bias: Shape (n_users + 1,).
        movie_bias: Shape (n_movies + 1,).
        user_factors: Shape (n_users + 1, d); d may be 0.
        movie_factors: Shape (n_movies + 1, d).
    """

    mean: float
    user_bias: FloatArray
    movie_bias: FloatArray
    user_factors: FloatArray
    movie_factors: FloatArray

    def pairs(self, users: IntArray, movies: IntArray) -> Scores:
        """Return the estimate of each pair of positions, shape (n,)."""
        products = np.einsum(
            "nd,nd->n", self.user_factors[users], self.movie_factors[movies], dtype=np.float64
        )
        return np.asarray(
            self.mean + self.user_bias[users] + self.movie_bias[movies] + products,
            dtype=np.float64,
        )

    def row(self, user: int) -> Scores:
        """Return one user's estimates of the whole catalogue, shape (n_movies,)."""
        products = self.movie_factors[:UNKNOWN] @ self.user_factors[user]
        return np.asarray(
            self.mean + self.user_bias[user] + self.movie_bias[:UNKNOWN] + products,
            dtype=np.float64,
        )


@dataclass(frozen=True, eq=False)
class FallbackEstimates:
    """One model where it knows both user and movie, another one elsewhere.

    Attributes:
        first: Used where both are known.
        second: Used elsewhere.
        known_users: Shape (n_users + 1,).
        known_movies: Shape (n_movies + 1,).
    """

    first: FactorEstimates
    second: FactorEstimates
    known_users: BoolArray
    known_movies: BoolArray

    def pairs(self, users: IntArray, movies: IntArray) -> Scores:
        """Return the estimate of each pair of positions, shape (n,)."""
        known = self.known_users[users] & self.known_movies[movies]
        return np.where(known, self.first.pairs(users, movies), self.second.pairs(users, movies))

    def row(self, user: int) -> Scores:
        """Return one user's estimates of the whole catalogue, shape (n_movies,)."""
        known = self.known_users[user] & self.known_movies[:UNKNOWN]
        return np.where(known, self.first.row(user), self.second.row(user))


@dataclass(frozen=True, eq=False)
class BlendEstimates:
    """A weighted blend of several models, with weights for each regime of knowledge.

    With the first model's estimate ``b`` and the others' ``e_k``, the blend is
    ``w_0 + w_1 b + sum_k w_k (e_k - b)``. A movie outside the catalogue has no content and no
    ratings, so that the first model alone speaks for it.

    Attributes:
        parts: The models, at least one.
        weights: Shape (2, 2, 1 + parts), by whether the user and the movie are known.
        known_users: Shape (n_users + 1,).
        known_movies: Shape (n_movies + 1,).
    """

    parts: Sequence[Estimates]
    weights: FloatArray
    known_users: BoolArray
    known_movies: BoolArray

    def pairs(self, users: IntArray, movies: IntArray) -> Scores:
        """Return the estimate of each pair of positions, shape (n,)."""
        estimates = [part.pairs(users, movies) for part in self.parts]
        blend = self._blend(estimates, self.known_users[users], self.known_movies[movies])
        return np.where(movies == UNKNOWN, estimates[0], blend)

    def row(self, user: int) -> Scores:
        """Return one user's estimates of the whole catalogue, shape (n_movies,)."""
        known_movies = self.known_movies[:UNKNOWN]
        known_user = np.full(known_movies.shape, self.known_users[user])
        return self._blend([part.row(user) for part in self.parts], known_user, known_movies)

    def shares(self, *, known_user: bool, known_movie: bool) -> tuple[float, Scores]:
        """Return what the blend adds, in stars, and the factor of each part's estimate."""
        level, base, *others = self.weights[int(known_user), int(known_movie)].tolist()
        return level, np.array([base - sum(others), *others])

    def _blend(
        self, estimates: Sequence[Scores], known_users: BoolArray, known_movies: BoolArray
    ) -> Scores:
        weights = self.weights[known_users.astype(np.intp), known_movies.astype(np.intp)]
        return np.asarray(np.einsum("nk,nk->n", blend_features(estimates), weights))


def within_catalogue(first: FactorEstimates, second: FactorEstimates) -> FallbackEstimates:
    """Return ``first``, with ``second`` for a movie outside the catalogue.

    Profiles explain what users make of features; of a movie that has none they know nothing.
    """
    in_catalogue = np.ones(len(first.movie_bias), dtype=np.bool_)
    in_catalogue[UNKNOWN] = False
    return FallbackEstimates(first, second, np.ones(len(first.user_bias), np.bool_), in_catalogue)


def blend_features(estimates: Sequence[Scores]) -> Scores:
    """Return what the weights of a blend apply to, shape (n, 1 + models).

    Args:
        estimates: Of each model, shape (n,); the first is the one that others are compared to.
    """
    base = estimates[0]
    return np.column_stack([np.ones_like(base), base, *(other - base for other in estimates[1:])])
