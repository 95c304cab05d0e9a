from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recommender.data.splitting import split_dataset
from recommender.errors import DataError, UsageError
from recommender.schema import RATING_DTYPES, TAG_DTYPES, Dataset, Split
from recommender.settings import SplitParams

#: The same examples in every run, however slow the machine.
STEADY = settings(deadline=None, derandomize=True, max_examples=60)

Method = Literal["temporal", "random", "leave_last_k"]


def _dataset(timestamps: list[int], n_users: int = 3) -> Dataset:
    n_rows = len(timestamps)
    ratings = pd.DataFrame(
        {
            "user_id": np.arange(n_rows) % n_users,
            "movie_id": np.arange(n_rows),
            "rating": 3.0,
            "timestamp": timestamps,
        }
    ).astype(RATING_DTYPES)
    ratings = ratings.sort_values(["timestamp", "user_id", "movie_id"], ignore_index=True)
    movies = pd.DataFrame({"movie_id": [], "title": [], "year": [], "genres": []})
    return Dataset("test", "0", ratings, movies)


def _parts(split: Split) -> list[pd.DataFrame]:
    return [split.train.ratings, split.validation, split.test]


def _sizes(split: Split) -> list[int]:
    return [len(part) for part in _parts(split)]


TIMES = st.lists(st.integers(0, 30), min_size=1, max_size=60)
METHODS = st.sampled_from(["temporal", "random", "leave_last_k"])


@STEADY
@given(TIMES, METHODS, st.integers(1, 4), st.integers(1, 3), st.integers(0, 99))
def test_parts_are_disjoint_whole_and_in_order(
    times: list[int], method: Method, n_users: int, k: int, seed: int
) -> None:
    dataset = _dataset(times, n_users)
    params = SplitParams(method, 0.2, 0.2, k)
    try:
        split = split_dataset(dataset, params, seed)
    except DataError:
        assume(False)
    parts = _parts(split)
    assert all(len(part) for part in parts)
    together = pd.concat(parts).sort_values(["timestamp", "user_id", "movie_id"])
    pd.testing.assert_frame_equal(together.reset_index(drop=True), dataset.ratings)
    for part in parts:
        assert part["timestamp"].is_monotonic_increasing
        assert part.index.equals(pd.RangeIndex(len(part)))
        assert {name: str(kind) for name, kind in part.dtypes.items()} == RATING_DTYPES
    again = split_dataset(dataset, params, seed)
    assert all(a.equals(b) for a, b in zip(parts, _parts(again), strict=True))


@STEADY
@given(st.lists(st.integers(0, 30), min_size=3, max_size=60).filter(lambda x: len(set(x)) > 2))
def test_temporal_parts_follow_each_other_in_time(times: list[int]) -> None:
    split = split_dataset(_dataset(times), SplitParams("temporal", 0.2, 0.2), 0)
    train, validation, test = (part["timestamp"] for part in _parts(split))
    assert train.max() < split.train_end <= validation.min()
    assert validation.max() < split.validation_end <= test.min()


def test_temporal_sizes_are_the_shares_where_times_differ() -> None:
    split = split_dataset(_dataset(list(range(100))), SplitParams("temporal", 0.1, 0.2), 0)
    assert _sizes(split) == [70, 10, 20]
    assert (split.train_end, split.validation_end) == (70, 80)
    assert (split.method, split.seed) == ("temporal", 0)


@pytest.mark.parametrize(
    ("times", "sizes"),
    [
        ([*range(78), *[80] * 5, *range(90, 107)], [78, 5 + 7, 10]),
        ([*range(75), *[80] * 25], [74, 1, 25]),
        ([*[1] * 98, 2, 3], [98, 1, 1]),
        ([*[1] * 40, *[2] * 30, *[3] * 30], [40, 30, 30]),
    ],
)
def test_equal_times_stay_together(times: list[int], sizes: list[int]) -> None:
    assert _sizes(split_dataset(_dataset(times), SplitParams(), 0)) == sizes


@pytest.mark.parametrize(
    ("times", "parts"), [([5] * 50, "validation and test"), ([1] * 20 + [2] * 20, "validation")]
)
def test_too_few_times_are_refused(times: list[int], parts: str) -> None:
    with pytest.raises(DataError, match=rf"leaves the {parts} part empty: .*random"):
        split_dataset(_dataset(times), SplitParams(), 0)


def test_tags_of_the_training_end_before_it() -> None:
    tags = pd.DataFrame({"user_id": 1, "movie_id": 1, "tag": "x", "timestamp": range(100)})
    dataset = replace(_dataset(list(range(100))), tags=tags.astype(TAG_DTYPES))
    temporal = split_dataset(dataset, SplitParams("temporal"), 0).train.tags
    assert temporal is not None
    assert temporal["timestamp"].tolist() == list(range(80))
    at_random = split_dataset(dataset, SplitParams("random"), 0).train.tags
    assert at_random is not None
    assert len(at_random) == 100


def test_random_sizes_and_seed() -> None:
    dataset = _dataset(list(range(1000)))
    split = split_dataset(dataset, SplitParams("random", 0.1, 0.2), 1)
    assert _sizes(split) == [700, 100, 200]
    assert (split.train_end, split.validation_end) == (None, None)
    other = split_dataset(dataset, SplitParams("random", 0.1, 0.2), 2)
    assert not split.test.equals(other.test)
    assert 350 < split.test["timestamp"].mean() < 650


def test_random_needs_enough_ratings() -> None:
    with pytest.raises(DataError, match=r"leaves the validation and test part empty: .*only 4"):
        split_dataset(_dataset([1, 2, 3, 4]), SplitParams("random"), 0)


def test_the_last_k_of_each_user_are_left_out() -> None:
    dataset = _dataset([9, 1, 8, 2, 7, 3, 6, 4, 5, 5, 0, 0, 3], n_users=2)
    split = split_dataset(dataset, SplitParams("leave_last_k", leave_k=2), 0)
    for user in (0, 1):
        own = dataset.ratings.loc[dataset.ratings["user_id"] == user, "movie_id"].tolist()
        parts = [p.loc[p["user_id"] == user, "movie_id"].tolist() for p in _parts(split)]
        assert parts == [own[:-4], own[-4:-2], own[-2:]]


def test_users_with_few_ratings_stay_in_training() -> None:
    ratings = _dataset(list(range(20)), n_users=1).ratings
    few = ratings.assign(user_id=np.array([1] * 4 + [2] * 16, dtype="int32"))
    dataset = _dataset([0]).with_ratings(few)
    split = split_dataset(dataset, SplitParams("leave_last_k", leave_k=2), 0)
    assert _sizes(split) == [16, 2, 2]
    assert set(split.validation["user_id"]) == set(split.test["user_id"]) == {2}
    with pytest.raises(DataError, match="no user has more than 20 ratings, the most being 16"):
        split_dataset(dataset, SplitParams("leave_last_k", leave_k=10), 0)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (SplitParams(validation_share=0.0), r"split\.validation_share: must lie between"),
        (SplitParams(test_share=1.0), r"split\.test_share: must lie between"),
        (SplitParams(validation_share=0.5, test_share=0.5), "leave nothing for training"),
        (SplitParams(leave_k=0), r"split\.leave_k: must be at least 1"),
    ],
)
def test_impossible_sizes_are_refused(params: SplitParams, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        split_dataset(_dataset([1, 2, 3]), params, 0)
