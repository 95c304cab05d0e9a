"""What every scorer has in common: learning gives arrays, and the arrays do the scoring."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from recommender.errors import UsageError
from recommender.inference.estimates import Estimates
from recommender.inference.part import Part
from recommender.inference.rankings import Ranking, StaticRanking
from recommender.models.indexed import IndexedRatings
from recommender.models.signals import rating_share
from recommender.scale import FloatArray, IntArray
from recommender.schema import Dataset
from recommender.scorer import Recommendations
from recommender.settings import ModelParams


class PartScorer(ABC):
    """A scorer whose predictions come from the very classes that serve a bundle.

    Args:
        params: Hyper-parameters.
        seed: Seed of every random choice.

    Attributes:
        name: Short role name.
    """

    name: str

    def __init__(self, params: ModelParams | None = None, seed: int = 0) -> None:
        self.params = params or ModelParams()
        self.seed = seed
        self._part: Part | None = None

    @abstractmethod
    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return rating estimates and ranking learned from ``dataset``, indexed as ``data``."""

    def fit(self, dataset: Dataset) -> Self:
        """Learn from ``dataset`` and return ``self``; same data and seed, same arrays.

        Raises:
            DataError: There are no ratings.
        """
        data = IndexedRatings.of(dataset)
        with single_thread():
            estimates, ranking = self.learn(dataset, data)
            popular = StaticRanking(rating_share(data, half_life_days=None))
        # What is the same for everyone is so for a newcomer as well.
        fallback = ranking if isinstance(ranking, StaticRanking) else popular
        self._part = Part(self.name, data.audience(), estimates, ranking, fallback)
        return self

    @property
    def part(self) -> Part:
        """What was learned, as a recommender over arrays.

        Raises:
            UsageError: `fit` was not called.
        """
        if self._part is None:
            raise UsageError("the scorer has not learned yet", place=self.name, remedy="Call fit.")
        return self._part

    def predict(self, user_ids: IntArray, movie_ids: IntArray) -> FloatArray:
        """Estimate ratings for pairs; see `Recommends.predict`."""
        return self.part.predict(user_ids, movie_ids)

    def recommend(self, user_id: int, k: int, *, exclude_seen: bool = True) -> Recommendations:
        """Rank the catalogue for one user; see `Recommends.recommend`."""
        return self.part.recommend(user_id, k, exclude_seen=exclude_seen)


def single_thread() -> threadpool_limits:
    """Return a context in which BLAS adds up in one order, so that equal runs give equal bytes."""
    return threadpool_limits(limits=1)
