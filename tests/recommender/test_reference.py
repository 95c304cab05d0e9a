from __future__ import annotations

import numpy as np
import pandas as pd

from recommender.bundle import Bundle
from recommender.inference import Recommender
from recommender.reference import COLUMNS, CategoryCounts, ReferenceProfile
from recommender.reference.build import latest, make_reference
from recommender.schema import Dataset


def test_a_bundle_holds_the_columns_that_training_knows(tiny_bundle: Bundle) -> None:
    found = ReferenceProfile.from_arrays(tiny_bundle)
    assert found is not None
    known = {column.name for column in COLUMNS if column.area != "service"}
    assert set(found.columns) == known
    for column in COLUMNS:
        if column.name in known:
            is_of_names = isinstance(found.columns[column.name], CategoryCounts)
            assert is_of_names is (column.kind == "categorical")


def test_the_reference_is_a_function_of_model_and_ratings(
    tiny_bundle: Bundle, tiny_dataset: Dataset
) -> None:
    model, shuffled = (
        Recommender.from_bundle(tiny_bundle),
        tiny_dataset.ratings.sample(frac=1.0, random_state=1),
    )
    made = make_reference(model, shuffled).to_arrays()
    for name, array in made.items():
        assert np.array_equal(tiny_bundle[name], array), name


def test_the_latest_ratings_are_the_present() -> None:
    ratings = pd.DataFrame(
        {"user_id": range(100_000), "movie_id": 1, "rating": 4.0, "timestamp": range(100_000)}
    )
    found = latest(ratings.iloc[::-1])
    assert found["timestamp"].tolist() == list(range(95_000, 100_000))
    assert len(latest(ratings.head(3000))) == 2000
