from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from recommender.models.hybrid import HybridScorer
from recommender.models.indexed import IndexedRatings
from recommender.models.sampling import some_users
from recommender.schema import Dataset
from recommender.settings import ModelParams


def test_few_ratings_stay_as_they_are(indexed: IndexedRatings) -> None:
    assert some_users(indexed, len(indexed), seed=1) is indexed


def test_users_are_kept_whole_until_there_are_enough(
    indexed: IndexedRatings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        sample = some_users(indexed, 500, seed=1)
    kept = np.unique(sample.users)
    assert kept.size == 25
    assert sample.user_counts[kept].tolist() == indexed.user_counts[kept].tolist()
    assert (np.diff(sample.timestamps) >= 0).all()
    assert "500 of 1,200 ratings, of 25 users" in caplog.text
    assert np.unique(some_users(indexed, 500, seed=2).users).tolist() != kept.tolist()


def test_the_blends_of_many_ratings_are_set_on_some(ratings_of_taste: Dataset) -> None:
    params = ModelParams(
        n_factors=2,
        n_epochs=3,
        nmf_factors=2,
        nmf_epochs=2,
        content_factors=4,
        taste_factors=2,
        ials_factors=2,
        ials_epochs=2,
        ease_min_support=2,
        ranking_cuts=1,
        ranking_last=3.0,
        fm_engine="auto",
        fm_max_ratings=1000,
        fm_sgd_epochs=3,
    )
    whole, part = (
        HybridScorer(replace(params, blend_max_ratings=most), seed=2).fit(ratings_of_taste)
        for most in (1200, 600)
    )
    first, second = whole.components, part.components
    assert (first.blend_ratings, second.blend_ratings) == (1200, 600)
    assert second.to_scoring()["blend_ratings"] == 600
    # The engine goes by all ratings, and so does everything but the weights.
    assert first.engine == second.engine == "sgd"
    arrays = first.to_arrays(), second.to_arrays()
    apart = {name for name in arrays[0] if not np.array_equal(arrays[0][name], arrays[1][name])}
    assert apart == {"blend.rating"}
