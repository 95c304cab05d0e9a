"""Which movies go together: a linear item-item model in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from recommender.errors import DataError
from recommender.inference.index import Rows
from recommender.inference.scores import FactorScores
from recommender.models.array_scorer import ArrayScorer
from recommender.models.bias import BiasScorer
from recommender.models.interactions import Interactions
from recommender.models.popularity import PopularityScorer
from recommender.schema import Dataset, FloatArray, IntArray


@dataclass(eq=False)
class EASEScorer(ArrayScorer):
    """``B = I - P diag(1 / P)`` with ``P = (X'X + l I)^-1`` and ``X`` 1 where a user rated.

    Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", equation 8. Movies with few
    ratings are left out and of each movie's weights only the largest are kept; memory is
    ``16 max_movies ** 2`` bytes while it is fitted. It ranks; its rating estimate is the biases'.

    Attributes:
        regularization: The penalty ``l``.
        min_support: Ratings that a movie needs to take part.
        max_movies: Most movies that take part, the most rated ones.
        n_neighbours: Largest weights kept for each movie.
        half_life_days: Of the popularity that serves unknown users.
        neighbours: Row ``h`` holds the movies that a rating of ``h`` speaks for, once fitted.
    """

    regularization: float = 200.0
    min_support: int = 5
    max_movies: int = 8000
    n_neighbours: int = 200
    half_life_days: float = 365.0
    name: str = "ease"

    neighbours: Rows | None = None
    fallback: FloatArray | None = None

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:
        """Fit the weights."""
        data = interactions
        if self.regularization <= 0:
            raise DataError(
                "the penalty must be above 0",
                place="ease_regularization",
                value=self.regularization,
            )
        movies = self._supported(data)
        self.neighbours = _rows(self._weights(data, movies), movies, len(data.movies))
        popularity = PopularityScorer(self.half_life_days).fit_interactions(data, dataset)
        self.fallback = popularity.popularity
        self.scores: FactorScores = BiasScorer().fit_interactions(data, dataset).scores
        self.interactions = data
        return self

    def rank(self, user: int | None) -> FloatArray:
        """Return the sum of the weights from the user's movies, shape (n_movies,)."""
        assert self.neighbours is not None  # noqa: S101 - set by fit
        assert self.fallback is not None  # noqa: S101 - set by fit
        if user is None:
            return self.fallback
        scores = np.zeros(len(self.interactions.movies))
        for movie in self.interactions.history.columns_of(user).tolist():
            np.add.at(scores, self.neighbours.columns_of(movie), self.neighbours.values_of(movie))
        return scores

    def _supported(self, data: Interactions) -> IntArray:
        counts = data.movie_counts[:-1]
        by_count = np.argsort(-counts, kind="stable")[: self.max_movies]
        return np.sort(by_count[counts[by_count] >= self.min_support])

    def _weights(self, data: Interactions, movies: IntArray) -> FloatArray:
        """Return ``B`` of the supported movies, keeping each row's largest weights."""
        rated = data.matrix()[:, movies]
        gram = (rated.T @ rated).toarray()
        gram[np.diag_indices_from(gram)] += self.regularization
        if gram.size == 0:
            return gram
        with threadpool_limits(limits=1):
            factor, failed = lapack.dpotrf(gram, lower=1, overwrite_a=1)
            inverse, failed_too = lapack.dpotri(factor, lower=1, overwrite_c=1)
        if failed or failed_too:
            raise DataError(
                "the item-item matrix cannot be inverted",
                place="ease_regularization",
                value=self.regularization,
                remedy="Raise it.",
            )
        lower = np.tril(inverse)
        full = lower + np.tril(inverse, -1).T
        weights: FloatArray = -full / np.diag(full)
        np.fill_diagonal(weights, 0.0)
        if weights.shape[1] > self.n_neighbours:
            bound = -np.partition(-weights, self.n_neighbours - 1, axis=1)
            weights[weights < bound[:, self.n_neighbours - 1 : self.n_neighbours]] = 0.0
        return weights


def _rows(weights: FloatArray, movies: IntArray, n_movies: int) -> Rows:
    """Return the weights as rows over the whole catalogue."""
    sources, targets = np.nonzero(weights)
    counts = np.zeros(n_movies, dtype=np.int64)
    counts[movies] = np.bincount(sources, minlength=movies.size)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Rows(starts, movies[targets], weights[sources, targets])
