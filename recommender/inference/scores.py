"""How fitted arrays become scores: the same code while training is checked and while serving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.inference.index import Rows
from recommender.schema import FloatArray, IntArray

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class FactorScores:
    """Rating estimates ``mean + b_u + b_i + p_u . q_i``, for every part that estimates ratings.

    The last row of each array stands for an unknown user or movie.

    Attributes:
        mean: Global mean, in stars.
        user_bias: Shape (n_users + 1,).
        movie_bias: Shape (n_movies + 1,).
        user_factors: Shape (n_users + 1, n_factors).
        movie_factors: Shape (n_movies + 1, n_factors).
        from_content: Whether the movie factors are facts of the movie, which hold without ratings.
        needs_both: Whether the estimate is the mean where user or movie has no ratings.
    """

    mean: float
    user_bias: FloatArray
    movie_bias: FloatArray
    user_factors: FloatArray
    movie_factors: FloatArray
    from_content: bool = False
    needs_both: bool = False

    def estimate(self, users: IntArray, movies: IntArray) -> FloatArray:
        """Estimate ratings for pairs of positions, both of shape (n,); not clipped to the scale."""
        products = np.einsum("ij,ij->i", self.user_factors[users], self.movie_factors[movies])
        estimates = self.mean + self.user_bias[users] + self.movie_bias[movies] + products
        if self.needs_both:
            known = self.user_factors[users].any(axis=1) & self.movie_factors[movies].any(axis=1)
            estimates = np.where(known, estimates, self.mean)
        return estimates

    def estimate_all(self, user: int) -> FloatArray:
        """Estimate one user's rating of every movie, shape (n_movies,)."""
        taste = self.user_factors[user]
        products = self.movie_factors[:-1] @ taste
        estimates = self.mean + self.user_bias[user] + self.movie_bias[:-1] + products
        if self.needs_both:
            known = self.movie_factors[:-1].any(axis=1) & bool(taste.any())
            estimates = np.where(known, estimates, self.mean)
        return estimates

    def for_new_movies(self) -> FactorScores:
        """Return the scores as they would be if no movie had been rated."""
        factors = self.movie_factors if self.from_content else np.zeros_like(self.movie_factors)
        return replace(self, movie_bias=np.zeros_like(self.movie_bias), movie_factors=factors)

    def for_unknown_users(self) -> FactorScores:
        """Return the scores as they would be if no user were known."""
        return replace(
            self,
            user_bias=np.full_like(self.user_bias, self.user_bias[-1]),
            user_factors=np.broadcast_to(self.user_factors[-1], self.user_factors.shape),
        )

    def to_arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays under names that begin with ``prefix``."""
        return {
            f"{prefix}.user_bias": self.user_bias,
            f"{prefix}.movie_bias": self.movie_bias,
            f"{prefix}.user_factors": self.user_factors,
            f"{prefix}.movie_factors": self.movie_factors,
        }

    def constants(self) -> dict[str, Any]:
        """Return what is not an array, for the manifest."""
        return {
            "mean": self.mean,
            "from_content": self.from_content,
            "needs_both": self.needs_both,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str, constants: Mapping[str, Any]) -> FactorScores:
        """Return what `to_arrays` and `constants` took apart."""
        return cls(
            user_bias=arrays[f"{prefix}.user_bias"],
            movie_bias=arrays[f"{prefix}.movie_bias"],
            user_factors=arrays[f"{prefix}.user_factors"],
            movie_factors=arrays[f"{prefix}.movie_factors"],
            **constants,
        )


@dataclass(frozen=True, eq=False)
class RatingBlend:
    """The hybrid's rating: a linear blend of the parts, with weights for each kind of pair.

    The four rows of ``weights`` are for a known user and a rated movie, a known user and a new
    movie, an unknown user and a rated movie, and neither known.

    Attributes:
        parts: The parts by name, in the order of the weights.
        weights: Shape (4, n_parts + 3): intercept, one a part, and those of ``log(1 + n)`` for the
            ratings of the user and of the movie.
        user_counts: Shape (n_users + 1,), training ratings; 0 for the unknown.
        movie_counts: Shape (n_movies + 1,), likewise.
    """

    parts: Mapping[str, FactorScores]
    weights: FloatArray
    user_counts: IntArray
    movie_counts: IntArray

    def estimate(self, users: IntArray, movies: IntArray) -> FloatArray:
        """Estimate ratings for pairs of positions, both of shape (n,); not clipped to the scale."""
        n_user, n_movie = self.user_counts[users], self.movie_counts[movies]
        columns = [part.estimate(users, movies) for part in self.parts.values()]
        features = blend_features(columns, n_user, n_movie)
        kind = 2 * (n_user == 0) + (n_movie == 0)
        return np.einsum("ij,ij->i", features, self.weights[kind])

    def estimate_all(self, user: int) -> FloatArray:
        """Estimate one user's rating of every movie, shape (n_movies,)."""
        movies = np.arange(self.movie_counts.size - 1)
        return self.estimate(np.full(movies.size, user), movies)


def blend_features(
    estimates: list[FloatArray], user_counts: IntArray, movie_counts: IntArray
) -> FloatArray:
    """Return the columns that the weights of a `RatingBlend` multiply, shape (n, n_parts + 3)."""
    ones = np.ones(user_counts.size)
    return np.stack([ones, *estimates, np.log1p(user_counts), np.log1p(movie_counts)], axis=1)


@dataclass(frozen=True, eq=False)
class RankingBlend:
    """The hybrid's ranking: what a history says of every movie, plus what everybody says.

    ``score = w_e sum_h E[h, i] + w_c p . x_i + w_p popularity_i + w_q quality_i`` where ``h`` runs
    over the rated movies, ``E`` are the item-item weights of EASE, ``p`` is the profile that liked
    movies make, and ``x`` are content features. Without a history only the last two remain.

    Attributes:
        neighbours: Row ``h`` holds the movies that a rating of ``h`` speaks for, and how much.
        features: Shape (n_movies, n_features), content of each movie, rows of length 1 or 0.
        centre: Shape (n_features,), mean content of the training ratings.
        popularity: Shape (n_movies,), in [0, 1], recent ratings count more.
        quality: Shape (n_movies,), damped mean rating above the global mean, in stars.
        personal: Weights with a history: ``ease``, ``content``, ``popularity``, ``quality``.
        impersonal: Weights without one: ``popularity``, ``quality``.
    """

    neighbours: Rows
    features: FloatArray
    centre: FloatArray
    popularity: FloatArray
    quality: FloatArray
    personal: Mapping[str, float]
    impersonal: Mapping[str, float]

    def score(self, movies: IntArray, ratings: FloatArray) -> FloatArray:
        """Score every movie for a history of positions and stars, both of shape (n,)."""
        if movies.size == 0:
            return (
                self.impersonal["popularity"] * self.popularity
                + self.impersonal["quality"] * self.quality
            )
        return (
            self.personal["ease"] * self.ease(movies)
            + self.personal["content"] * self.content(movies, ratings)
            + self.personal["popularity"] * self.popularity
            + self.personal["quality"] * self.quality
        )

    def ease(self, movies: IntArray) -> FloatArray:
        """Return the item-item scores of a history, shape (n_movies,)."""
        rows = [self.neighbours.columns_of(movie) for movie in movies.tolist()]
        values = [self.neighbours.values_of(movie) for movie in movies.tolist()]
        return np.bincount(
            np.concatenate(rows), np.concatenate(values), minlength=self.popularity.size
        )

    def content(self, movies: IntArray, ratings: FloatArray) -> FloatArray:
        """Return how near each movie is to what the history likes, shape (n_movies,)."""
        liked = liking(ratings)
        profile = liked @ (self.features[movies] - self.centre)
        length = float(np.linalg.norm(profile))
        return self.features @ (profile / length) if length > 0 else np.zeros(len(self.features))

    def similar(self, movie: int) -> FloatArray:
        """Return how near each movie is to one, by content and by who rates both."""
        by_content = self.features @ self.features[movie]
        by_raters = self.ease(np.array([movie]))
        most = float(by_raters.max(initial=0.0))
        return by_content + (by_raters / most if most > 0 else 0.0)


def liking(ratings: FloatArray) -> FloatArray:
    """Return how much each rating (stars) says that the movie was liked, from 0 to 1.5.

    >>> liking(np.array([1.0, 2.0, 4.0, 5.0])).tolist()
    [0.0, 0.0, 1.0, 1.5]
    """
    return np.clip((ratings - 2.0) / 2.0, 0.0, 1.5)
