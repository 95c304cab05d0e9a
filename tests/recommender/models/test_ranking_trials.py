from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.inference.components import COLD_SIGNALS, PERSONAL_SIGNALS
from recommender.inference.identifiers import IdIndex
from recommender.models.indexed import IndexedRatings
from recommender.models.ranking_trials import (
    FIRST_RATINGS,
    PERSONAL_KINDS,
    Trial,
    collect_trials,
    first_ratings,
    join_trials,
    last_ratings,
    static_signals,
    time_cuts,
)
from recommender.scale import RatingScale, SplitMethod
from recommender.settings import ModelParams

PARAMS = ModelParams(
    ease_min_support=1, ials_factors=4, ials_epochs=3, ranking_cuts=3, ranking_last=4.0
)


def trial(signals: np.ndarray, liked: np.ndarray) -> Trial:
    discounts = 1.0 / np.log2(np.arange(2, 12))
    ideal = np.array([discounts[: min(int(row.sum()), 10)].sum() for row in liked])
    places = np.arange(len(liked))
    return Trial(signals.astype(np.float32), liked, ideal, places + 1, places)


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


def test_a_share_of_the_latest_ratings_is_held_out_of_each_user(indexed: IndexedRatings) -> None:
    past, future = last_ratings(indexed, 0.2)
    assert np.bincount(future.users).tolist() == [4] * 60
    assert len(past) + len(future) == len(indexed)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_first_ratings_are_each_users_oldest(seed: int, n_ratings: int) -> None:
    rng = np.random.default_rng(seed)
    users = rng.integers(0, 5, 40)
    ids, movies = IdIndex(np.arange(5)), IdIndex(np.arange(40))
    data = IndexedRatings(
        ids, movies, users, np.arange(40), np.full(40, 3.0), np.arange(40), RatingScale()
    )
    history, later = first_ratings(data, n_ratings)
    for user in range(5):
        own = data.movies[users == user]
        assert np.array_equal(history.movies[history.users == user], own[:n_ratings])
        assert np.array_equal(later.movies[later.users == user], own[n_ratings:])


def test_newcomers_are_tried_with_their_first_ratings(indexed: IndexedRatings) -> None:
    # Half of the users rate nothing before the only moment, and everything after it.
    late = indexed.users >= 30
    order = np.argsort(late, kind="stable")
    data = replace(indexed.only(order), timestamps=np.arange(len(indexed)))
    params = replace(PARAMS, ranking_cuts=1, ranking_max_users=15)
    trials = list(collect_trials(data, np.eye(42), params, seed=1))
    past, future = next(time_cuts(data, 1))
    found = [trial for kind, trial in trials if kind == "first"]
    assert [len(trial) for trial in found] == [5, 5, 5]
    for n_ratings, trial in zip(FIRST_RATINGS, found, strict=True):
        assert not past.known_users[trial.users].any()
        history, later = first_ratings(future, n_ratings)
        for row, user in enumerate(trial.users.tolist()):
            own, rest = history.users == user, later.users == user
            assert trial.support[row] == np.count_nonzero(history.grades[own]) > 0
            # With 42 movies all unseen ones are candidates, so that every liked one is found.
            assert trial.liked[row].sum() == np.count_nonzero(later.grades[rest] >= 1.0)


def test_weights_may_differ_by_list() -> None:
    rng = np.random.default_rng(3)
    liked = rng.random((2, 25)) < 0.3
    liked[:, 0] = True
    both = trial(rng.normal(size=(2, 25, 2)), liked)
    apart = [both.only(np.arange(2) == row) for row in range(2)]
    weights = np.array([[1.0, 0.2], [0.0, 1.0]])
    expected = np.mean([one.ndcg(own) for one, own in zip(apart, weights, strict=True)])
    assert both.ndcg(weights) == pytest.approx(expected)
    assert apart[0].ndcg(weights[1]) != pytest.approx(apart[0].ndcg(weights[0]))


def test_users_with_little_keep_it(indexed: IndexedRatings) -> None:
    past, future = last_ratings(indexed, 7)
    assert (len(past), len(future)) == (1200, 0)


def test_trials_hold_what_was_liked_later(indexed: IndexedRatings) -> None:
    features = np.eye(42)
    trials = list(collect_trials(indexed, features, PARAMS, seed=1))
    assert [kind for kind, _ in trials] == ["new", *["first"] * 3, "returning"] * 3 + ["next"] * 2
    past, future = last_ratings(indexed, 4.0)
    held_out = trials[-2][1]
    assert held_out.users.tolist() == np.unique(future.users[future.grades >= 1.0]).tolist()
    assert held_out.signals.shape[2] == len(PERSONAL_SIGNALS)
    # Sixteen of 42 movies are in each history and cannot be on the list.
    assert held_out.liked.shape[1] == 42 - 16
    # With 42 movies all unseen ones are candidates, so that every liked one can be found.
    assert held_out.liked.sum() == np.count_nonzero(future.grades >= 1.0)
    assert held_out.ndcg([1.0] + [0.0] * 6) > 0.0
    histories = past.histories()
    supports = [
        np.count_nonzero(histories.viewer(user, past.scale).grades)
        for user in held_out.users.tolist()
    ]
    assert held_out.support.tolist() == supports
    # The second fold holds out what came before the first.
    assert trials[-1][1].liked.shape[1] == 42 - 12


@pytest.mark.parametrize("method", ["temporal", "random", "leave_last_k"])
def test_what_is_held_out_follows_the_split(indexed: IndexedRatings, method: SplitMethod) -> None:
    trials = list(collect_trials(indexed, np.eye(42), PARAMS, 1, method=method))
    kinds = {kind for kind, _ in trials}
    assert kinds == {"new", "first", *PERSONAL_KINDS[method]}
    assert all(
        trial.signals.shape[2] == len(COLD_SIGNALS if kind == "new" else PERSONAL_SIGNALS)
        for kind, trial in trials
    )


def test_a_sample_of_many_users_is_tried(indexed: IndexedRatings) -> None:
    few = replace(PARAMS, ranking_max_users=5, ranking_folds=1)
    trials = dict(collect_trials(indexed, np.eye(42), few, seed=1))
    again = dict(collect_trials(indexed, np.eye(42), few, seed=1))
    assert len(trials["next"]) == 5
    assert np.array_equal(trials["next"].signals, again["next"].signals)


def test_chosen_lists_keep_what_is_theirs() -> None:
    three = trial(np.arange(6.0).reshape(3, 2, 1), np.ones((3, 2), dtype=bool))
    two = three.only(np.array([True, False, True]))
    assert (two.users.tolist(), two.support.tolist()) == ([0, 2], [1, 3])
    assert two.signals[:, 0, 0].tolist() == [0.0, 4.0]


def test_of_equal_scores_the_earlier_candidate_comes_first() -> None:
    liked = np.zeros((1, 20), dtype=bool)
    liked[0, 10] = True
    assert trial(np.zeros((1, 20, 1)), liked).ndcg([1.0]) == 0.0
    liked[0, 9] = True
    assert trial(np.zeros((1, 20, 1)), liked[:, ::-1]).ndcg([1.0]) > 0.0


def test_a_handful_of_ratings_gives_no_trials(indexed: IndexedRatings) -> None:
    single = indexed.only(np.array([0]))
    assert list(collect_trials(single, np.eye(42), PARAMS, seed=1)) == []


def test_signals_come_by_name(indexed: IndexedRatings) -> None:
    signals = static_signals(indexed, PARAMS)
    assert set(COLD_SIGNALS) == set(signals)
    assert all(values.shape == (42,) for values in signals.values())
