from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data.splitting import split_dataset
from recommender.errors import DataError, UsageError
from recommender.scale import SplitMethod
from recommender.schema import RATING_DTYPES, Dataset, Split
from recommender.settings import SplitParams
from recommender.tuning.cuts import validation_cuts


@pytest.mark.parametrize("method", ["temporal", "random", "leave_last_k"])
def test_the_pieces_are_the_validation_part_in_order(
    tiny_dataset: Dataset, method: SplitMethod
) -> None:
    split = split_dataset(tiny_dataset, SplitParams(method=method, leave_k=2), seed=1)
    cuts = validation_cuts(split, 3)
    assert len(cuts) == 3
    pieces = pd.concat([cut.validation for cut in cuts], ignore_index=True)
    keys = ["timestamp", "user_id", "movie_id"]
    expected = split.validation.sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(pieces, expected)
    for cut in cuts:
        assert {name: str(kind) for name, kind in cut.train.ratings.dtypes.items()} == RATING_DTYPES
        assert cut.train.ratings["timestamp"].is_monotonic_increasing


def test_each_piece_is_foreseen_from_what_came_before_it(tiny_split: Split) -> None:
    cuts = validation_cuts(tiny_split, 4)
    known = len(tiny_split.train.ratings)
    for cut in cuts:
        assert len(cut.train.ratings) == known
        assert cut.train.ratings["timestamp"].max() < cut.validation["timestamp"].min()
        known += len(cut.validation)


def test_no_cut_holds_a_test_rating(tiny_split: Split) -> None:
    for cut in validation_cuts(tiny_split, 3):
        assert cut.test.empty
        both = pd.concat([cut.train.ratings, cut.validation])
        assert both["timestamp"].max() < tiny_split.test["timestamp"].min()


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 6))
def test_ratings_of_one_moment_stay_together(moments: list[int], n_cuts: int) -> None:
    frame = pd.DataFrame(
        {
            "user_id": range(len(moments)),
            "movie_id": 1,
            "rating": 3.0,
            "timestamp": moments,
        }
    ).astype(RATING_DTYPES)
    movies = pd.DataFrame({"movie_id": [1], "title": ["a"], "year": [2000], "genres": [""]})
    train = Dataset("d", "0" * 64, frame.iloc[:0], movies)
    cuts = validation_cuts(Split(train, frame, frame.iloc[:0], "random", 1), n_cuts)
    assert 1 <= len(cuts) <= n_cuts
    assert sum(len(cut.validation) for cut in cuts) == len(moments)
    for earlier, later in pairwise(cuts):
        assert earlier.validation["timestamp"].max() < later.validation["timestamp"].min()


def test_what_cannot_be_cut_is_refused(tiny_split: Split) -> None:
    with pytest.raises(UsageError, match=r"tuning\.cuts"):
        validation_cuts(tiny_split, 0)
    with pytest.raises(DataError, match="no validation ratings"):
        validation_cuts(replace(tiny_split, validation=tiny_split.validation.iloc[:0]), 2)
