"""What a behavioural test needs: a recommender to ask, numbers to hold it to, and sampled cases."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from recommender.evaluation.lists import RatedMovies
from recommender.scale import FloatArray, IntArray
from recommender.schema import Split
from recommender.scorer import Recommendations, Recommends
from recommender.settings import BehaviourSettings


class BehaviourSubject(Recommends, Protocol):
    """A recommender that can also be asked about movies and about histories of nobody."""

    @property
    def movie_ids(self) -> IntArray:
        """Shape (n_movies,), the whole catalogue."""
        ...

    def title(self, movie_id: int) -> str:
        """Return the title of a movie."""
        ...

    def seen(self, user_id: int) -> IntArray:
        """Return the movies held back from a user's lists, shape (n,)."""
        ...

    def similar(self, movie_id: int, k: int) -> tuple[IntArray, FloatArray]:
        """Return the ``k`` nearest movies and their similarity, best first, without itself."""
        ...

    def recommend_for_history(
        self, movie_ids: IntArray, ratings: FloatArray, k: int
    ) -> Recommendations:
        """Rank the catalogue for someone with this history, which is excluded from the list."""
        ...


class Cases:
    """The sampled cases of one run; the same data and seed give the same cases.

    Args:
        split: Where histories, catalogue and facts come from.
        settings: How many cases.
        seed: Seed of every choice.
    """

    def __init__(self, split: Split, settings: BehaviourSettings, seed: int) -> None:
        self.settings = settings
        self.scale = split.train.scale
        self.movies = split.train.movies
        self.credits = split.train.credits
        self._ratings = split.train.ratings
        self._seed = seed

    @cached_property
    def users(self) -> IntArray:
        """Training users, at most ``n_users``, rising."""
        return self.draw(self._user_counts[0], self.settings.n_users, "users")

    @cached_property
    def catalogue(self) -> IntArray:
        """Ids of all movies, rising."""
        return np.unique(self.movies["movie_id"].to_numpy()).astype(np.int64)

    @cached_property
    def popularity(self) -> IntArray:
        """Training ratings of each movie of the catalogue, in its order."""
        rated = np.searchsorted(self.catalogue, self._ratings["movie_id"].to_numpy())
        return np.bincount(rated, minlength=self.catalogue.size)

    @cached_property
    def unknown_users(self) -> IntArray:
        """Three ids that no user of the data set has."""
        return int(self._user_counts[0].max()) + np.array([1, 2, 100_003], dtype=np.int64)

    @cached_property
    def unknown_movies(self) -> IntArray:
        """Two ids that no movie of the catalogue has."""
        return int(self.catalogue.max()) + np.array([1, 100_003], dtype=np.int64)

    @cached_property
    def cold_movies(self) -> IntArray:
        """Movies of the catalogue that nobody rated in training, at most ``n_movies``."""
        return self.draw(self.catalogue[self.popularity == 0], self.settings.n_movies, "cold")

    def users_with(self, n_ratings: int) -> IntArray:
        """Return users with at least ``n_ratings`` training ratings, at most ``n_users``."""
        users, counts = self._user_counts
        return self.draw(users[counts >= n_ratings], self.settings.n_users, "active users")

    def rated(self, user_id: int) -> IntArray:
        """Return the ids of the movies that the user rated in training."""
        return self._rated.of(user_id)

    def history(self, user_id: int) -> tuple[IntArray, FloatArray]:
        """Return the ids and ratings of a user's training history, oldest first."""
        ratings = self._ratings["rating"].to_numpy()[self._rated.rows_of(user_id)]
        return self.rated(user_id), ratings.astype(np.float64)

    def draw(self, values: IntArray, most: int, purpose: str) -> IntArray:
        """Return at most ``most`` of ``values`` in their order, drawn without replacement."""
        if len(values) <= most:
            return values
        chosen = self.rng(purpose).choice(len(values), size=most, replace=False)
        return values[np.sort(chosen)]

    def draw_watched(self, excluded: IntArray, rng: np.random.Generator) -> int | None:
        """Return a movie drawn by how often it is rated, none of ``excluded``, if there is one."""
        weights = np.where(np.isin(self.catalogue, excluded), 0, self.popularity)
        if weights.sum() == 0:
            return None
        return int(rng.choice(self.catalogue, p=weights / weights.sum()))

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator of one purpose, independent of every other one."""
        return np.random.default_rng([self._seed, *purpose.encode()])

    @cached_property
    def _user_counts(self) -> tuple[IntArray, IntArray]:
        users, counts = np.unique(self._ratings["user_id"].to_numpy(), return_counts=True)
        return users.astype(np.int64), counts

    @cached_property
    def _rated(self) -> RatedMovies:
        return RatedMovies(self._ratings)
