"""Popularity: the baseline that a list must beat, over all time or lately."""

from __future__ import annotations

import numpy as np

from recommender.inference.estimates import Estimates, FactorEstimates
from recommender.inference.rankings import Ranking, StaticRanking
from recommender.models.indexed import IndexedRatings
from recommender.models.part_scorer import PartScorer
from recommender.models.signals import quality, rating_share, trending
from recommender.schema import Dataset


def movie_means(data: IndexedRatings, damping: float) -> FactorEstimates:
    """Return every movie's damped mean as the estimate for everyone."""
    return FactorEstimates(
        mean=data.mean,
        user_bias=np.zeros(data.n_users + 1),
        movie_bias=np.append(quality(data, damping), 0.0),
        user_factors=np.zeros((data.n_users + 1, 0)),
        movie_factors=np.zeros((data.n_movies + 1, 0)),
    )


class PopularityScorer(PartScorer):
    """Ranks by the number of ratings and estimates a movie's damped mean, for everyone alike."""

    name = "popularity"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return damped means, and the share of viewers who rated each movie."""
        del dataset
        estimates = movie_means(data, self.params.popularity_damping)
        return estimates, StaticRanking(rating_share(data, half_life_days=None))


class TrendingScorer(PartScorer):
    """Ranks by recent ratings: one that is older by the half-life counts half."""

    name = "trending"

    def learn(self, dataset: Dataset, data: IndexedRatings) -> tuple[Estimates, Ranking]:
        """Return damped means, and the recent share of viewers on a logarithmic scale."""
        del dataset
        estimates = movie_means(data, self.params.popularity_damping)
        return estimates, StaticRanking(trending(data, self.params.trending_half_life_days))
