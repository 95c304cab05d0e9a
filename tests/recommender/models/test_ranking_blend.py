from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.inference.components import COLD_SIGNALS, PERSONAL_SIGNALS
from recommender.models.indexed import IndexedRatings
from recommender.models.ranking_blend import (
    Trial,
    collect_trials,
    join_trials,
    last_ratings,
    liked_by,
    ranking_weights,
    search_weights,
    static_signals,
    time_cuts,
)
from recommender.settings import ModelParams

PARAMS = ModelParams(ease_min_support=1, ranking_cuts=3, ranking_last=4)
NAMES = ("ease", "content", "quality")
DEFAULT = {"ease": 1.0, "content": 0.5, "quality": 0.25}


def trial(signals: np.ndarray, liked: np.ndarray) -> Trial:
    discounts = 1.0 / np.log2(np.arange(2, 12))
    ideal = np.array([discounts[: min(int(row.sum()), 10)].sum() for row in liked])
    return Trial(signals.astype(np.float32), liked, ideal)


def test_ndcg_by_hand() -> None:
    # The order by the signal is movies 2, 0, 1; movies 1 and 2 were liked: ranks 1 and 3.
    found = trial(np.array([[[2.0], [1.0], [3.0]]]), np.array([[False, True, True]])).ndcg([1.0])
    assert found == pytest.approx((1.0 + 0.5) / (1.0 + 1.0 / np.log2(3)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100.0))
def test_ndcg_is_a_share_that_no_scale_changes(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    liked = rng.random((4, 25)) < 0.3
    liked[:, 0] = True
    one = trial(rng.integers(0, 999_999, (4, 25, 1)), liked)
    assert 0.0 <= one.ndcg([1.0]) <= 1.0
    perfect = trial(liked[:, :, np.newaxis].astype(float), liked)
    assert perfect.ndcg([factor]) == pytest.approx(1.0)


def test_padding_never_gets_on_a_list() -> None:
    short = trial(np.full((1, 2, 1), -50.0), np.array([[True, False]]))
    long = trial(np.zeros((1, 30, 1)), np.array([[True] + [False] * 29]))
    joined = join_trials([short, long], 1)
    assert joined.signals.shape == (2, 30, 1)
    assert joined.ndcg([1.0]) == pytest.approx(1.0)
    assert len(join_trials([], 3)) == 0
    assert join_trials([], 3).ndcg([1.0, 0.0, 0.0]) == 0.0


def test_the_search_finds_the_signal_that_helps() -> None:
    rng = np.random.default_rng(4)
    liked = rng.random((60, 30)) < 0.1
    liked[:, 5] = True
    signals = np.stack(
        [rng.random((60, 30)), liked + rng.random((60, 30)), rng.random((60, 30))], 2
    )
    found = search_weights([trial(signals, liked)], NAMES, DEFAULT)
    assert found["ease"] == 1.0
    assert found["content"] >= 0.6
    assert found["quality"] <= 0.1


def test_neither_question_is_bought_with_the_other() -> None:
    rng = np.random.default_rng(4)
    liked = rng.random((60, 30)) < 0.1
    liked[:, 5] = True
    noise = rng.random((60, 30))
    helps = np.stack([noise + 0.1 * liked, liked * 1.0, noise], axis=2)
    harms = np.stack([noise + 0.1 * liked, liked * -1.0, noise], axis=2)
    found = search_weights([trial(helps, liked), trial(harms, liked)], NAMES, DEFAULT)
    assert found["content"] == 0.0


def test_too_few_lists_leave_the_defaults() -> None:
    few = trial(np.zeros((3, 5, 3)), np.ones((3, 5), dtype=bool))
    assert search_weights([few], NAMES, DEFAULT) == DEFAULT
    empty = {name: join_trials([], 1) for name in ("returning", "next", "new")}
    personal, cold = ranking_weights(empty)
    assert tuple(personal) == PERSONAL_SIGNALS
    assert tuple(cold) == COLD_SIGNALS
    assert personal["ease"] == cold["trending"] == 1.0


def test_cuts_respect_time(indexed: IndexedRatings) -> None:
    cuts = list(time_cuts(indexed, 3))
    assert len(cuts) == 3
    for past, future in cuts:
        assert past.timestamps.max() <= future.timestamps.min()
    assert sum(len(future) for _, future in cuts) == len(indexed) - len(cuts[0][0])
    assert len(cuts[0][0]) == 360


def test_last_ratings_are_each_users_latest(indexed: IndexedRatings) -> None:
    past, future = last_ratings(indexed, 4)
    assert np.bincount(future.users).tolist() == [4] * 60
    for user in (0, 31):
        assert (
            past.timestamps[past.users == user].max()
            <= future.timestamps[future.users == user].min()
        )


def test_users_with_little_keep_it(indexed: IndexedRatings) -> None:
    past, future = last_ratings(indexed, 7)
    assert (len(past), len(future)) == (1200, 0)


def test_trials_hold_what_was_liked_later(indexed: IndexedRatings) -> None:
    features = np.eye(42)
    trials = list(collect_trials(indexed, features, PARAMS, seed=1))
    assert [kind for kind, _ in trials] == ["returning", "new"] * 3 + ["next"]
    future = last_ratings(indexed, 4)[1]
    joined = trials[-1][1]
    assert len(joined) == liked_by(future).size
    assert joined.signals.shape[2] == len(PERSONAL_SIGNALS)
    # Sixteen of 42 movies are in each history and cannot be on the list.
    assert joined.liked.shape[1] == 42 - 16
    # With 42 movies all unseen ones are candidates, so that every liked one can be found.
    assert joined.liked.sum() == np.count_nonzero(future.grades >= 1.0)
    assert joined.ndcg([1.0] + [0.0] * 5) > 0.0


def test_a_sample_of_many_users_is_tried(indexed: IndexedRatings) -> None:
    few = replace(PARAMS, ranking_max_users=5)
    trials = dict(collect_trials(indexed, np.eye(42), few, seed=1))
    again = dict(collect_trials(indexed, np.eye(42), few, seed=1))
    assert len(trials["next"]) == 5
    assert np.array_equal(trials["next"].signals, again["next"].signals)


def test_a_handful_of_ratings_gives_no_trials(indexed: IndexedRatings) -> None:
    single = indexed.only(np.array([0]))
    assert list(collect_trials(single, np.eye(42), PARAMS, seed=1)) == []


def test_signals_come_by_name(indexed: IndexedRatings) -> None:
    signals = static_signals(indexed, PARAMS)
    assert set(COLD_SIGNALS) == set(signals)
    assert all(values.shape == (42,) for values in signals.values())
