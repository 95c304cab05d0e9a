from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommender.models.indexed import IndexedRatings
from recommender.models.popularity import PopularityScorer, TrendingScorer
from recommender.models.signals import quality, rating_share, rising, trending
from recommender.settings import ModelParams

DAY = 86_400


@pytest.fixture
def data(make: Any) -> IndexedRatings:
    """Movie 1: two old ratings; movie 2: one new one; movie 3: none."""
    rows = [(1, 1, 5.0, 0), (2, 1, 4.0, 0), (2, 2, 3.0, 10 * DAY)]
    return IndexedRatings.of(make(rows, movie_ids=[1, 2, 3]))


def test_shares_of_viewers(data: IndexedRatings) -> None:
    assert rating_share(data, half_life_days=None).tolist() == [1.0, 0.5, 0.0]
    # After one half-life the old ratings count 0.5; user 1 weighs 0.5 and user 2 weighs 1.
    assert rating_share(data, half_life_days=10.0) == pytest.approx([1.0 / 1.5, 1.0 / 1.5, 0.0])


def test_attention_lately(data: IndexedRatings) -> None:
    assert trending(data, 10.0) == pytest.approx([np.log1p(1000 / 1.5) / 7.0] * 2 + [0.0])
    assert rising(data, 10.0) == pytest.approx(
        [(1.0 / 1.5) / 1.01 / 5.0, (1.0 / 1.5) / 0.51 / 5.0, 0.0]
    )


def test_quality_is_damped(data: IndexedRatings) -> None:
    assert quality(data, 2.0) == pytest.approx([1.0 / 4.0, -1.0 / 3.0, 0.0])


def test_popularity_counts_and_trending_forgets(make: Any) -> None:
    rows = [(user, 1, 4.0, 0) for user in range(1, 6)]
    rows += [(user, 2, 4.0, 1000 * DAY) for user in range(6, 9)]
    dataset = make(rows, movie_ids=[1, 2, 3])
    params = ModelParams(trending_half_life_days=100.0)
    assert PopularityScorer(params).fit(dataset).recommend(99, 3).movie_ids.tolist() == [1, 2, 3]
    assert TrendingScorer(params).fit(dataset).recommend(1, 3).movie_ids.tolist() == [2, 3]
    newcomer = TrendingScorer(params).fit(dataset).recommend(99, 3)
    assert (newcomer.movie_ids.tolist(), newcomer.path) == ([2, 1, 3], "popular")
    known = TrendingScorer(params).fit(dataset).recommend(1, 3, exclude_seen=False)
    assert known.movie_ids.tolist() == [2, 1, 3]


def test_its_estimate_is_the_damped_mean_for_everyone(make: Any) -> None:
    dataset = make([(1, 1, 5.0, 0), (1, 2, 1.0, 1)])
    scorer = PopularityScorer(ModelParams(popularity_damping=3.0)).fit(dataset)
    found = scorer.predict(np.array([1, 99, 1]), np.array([1, 1, 77]))
    assert found == pytest.approx([3.5, 3.5, 3.0])
