"""What the choice of movies says of a movie, and what each user makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.decomposition import TruncatedSVD
from threadpoolctl import threadpool_limits

from recommender.models.array_scorer import ArrayScorer
from recommender.models.bias import BiasScorer
from recommender.models.interactions import Interactions
from recommender.models.user_regression import UserRegression
from recommender.schema import Dataset, FloatArray


@dataclass(eq=False)
class TasteScorer(ArrayScorer):
    """Like `ContentScorer`, with features from who rated a movie rather than how high.

    The features are the right singular vectors of the matrix of ones, each divided by the roots of
    its user's and its movie's counts (the normalized adjacency of spectral co-clustering, Dhillon
    2001), shrunk for movies with few ratings.

    Attributes:
        n_factors: Dimensions of the features.
        user_damping: As in `BiasScorer`, for the movie biases.
        movie_damping: Likewise.
        seed: Seed of the decomposition.
    """

    n_factors: int = 16
    user_damping: float = 5.0
    movie_damping: float = 5.0
    seed: int = 0
    name: str = "taste"

    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:
        """Fit features and tastes."""
        data = interactions
        biases = BiasScorer(self.user_damping, self.movie_damping).fit_interactions(data, dataset)
        features = choice_features(data, self.n_factors, self.seed)
        scores = UserRegression().fit(data, biases.scores, features)
        self.scores = replace(scores, from_content=False)
        self.interactions = data
        return self


def choice_features(data: Interactions, n_factors: int, seed: int) -> FloatArray:
    """Return features of the catalogue from who rated what, shape (n_movies, n_factors).

    Rated movies have mean squared length 1; movies without ratings are 0.
    """
    n_movies = len(data.movies)
    features = np.zeros((n_movies, n_factors))
    rated = np.flatnonzero(data.movie_counts[:-1])
    if min(rated.size, len(data.users)) <= n_factors:
        return features
    per_user = sp.diags(1 / np.sqrt(np.maximum(data.user_counts[:-1], 1)))
    per_movie = sp.diags(1 / np.sqrt(np.maximum(data.movie_counts[:-1], 1)))
    with threadpool_limits(limits=1):
        reduction = TruncatedSVD(n_factors, random_state=seed).fit(
            per_user @ data.matrix() @ per_movie
        )
    features = reduction.components_.T / np.sqrt(data.movie_counts[:-1] + 5.0)[:, np.newaxis]
    features[data.movie_counts[:-1] == 0] = 0.0
    spread = np.sqrt((features[rated] ** 2).mean(axis=0))
    scaled: FloatArray = features / np.where(spread > 0, spread, 1.0) / np.sqrt(n_factors)
    return scaled
