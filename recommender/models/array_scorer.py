"""What the scorers share: ids, the scale, and ranking by an array of scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np

from recommender.errors import UsageError
from recommender.inference.scores import FactorScores
from recommender.models.interactions import Interactions
from recommender.schema import Dataset, FloatArray, IntArray
from recommender.scorer import Recommendations


class ArrayScorer(ABC):
    """A scorer whose fitted state is arrays; implements `recommender.scorer.Scorer`.

    A subclass fits itself to `Interactions` and says how it estimates and ranks.

    Attributes:
        name: Role name.
        interactions: What it was fitted on.
        scores: Its rating estimates.
    """

    name: str
    interactions: Interactions
    scores: FactorScores

    def fit(self, dataset: Dataset) -> Self:
        """Learn from ``dataset`` and return ``self``; same data and seed, same model."""
        return self.fit_interactions(Interactions.of(dataset), dataset)

    @abstractmethod
    def fit_interactions(self, interactions: Interactions, dataset: Dataset) -> Self:
        """Learn from ``interactions``; ``dataset`` gives the facts of the movies."""

    def rank(self, user: int | None) -> FloatArray:
        """Return the ranking scores of every movie, shape (n_movies,), for a user's position."""
        return self.scores.estimate_all(len(self.interactions.users) if user is None else user)

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings; see `recommender.scorer.Recommends.predict`."""
        users = self.interactions.users.positions(user_ids)
        movies = self.interactions.movies.positions(movie_ids)
        return self.interactions.scale.clip(self.scores.estimate(users, movies))

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue; see `recommender.scorer.Recommends.recommend`."""
        if k < 1:
            raise UsageError("the length of a list must be at least 1", place="k", value=k)
        user = self.interactions.users.position(user_id)
        scores = np.array(self.rank(user), dtype=np.float64)
        open_movies = np.ones(scores.size, dtype=bool)
        if exclude_seen and user is not None:
            open_movies[self.interactions.history.columns_of(user)] = False
        order = np.argsort(-scores, kind="stable")
        best = order[open_movies[order]][:k]
        path = "popular" if user is None else "personal"
        ids = self.interactions.movies.ids
        return Recommendations(user_id, ids[best], scores[best], path)
