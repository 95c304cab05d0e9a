from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.cold.users import (
    Newcomer,
    choose_users,
    ndcg_figures,
    run,
    split_histories,
    user_ndcg,
)
from recommender.evaluation.bootstrap import UserTotals
from recommender.schema import Dataset
from recommender.settings import Params


def test_histories_are_the_first_ratings(tiny_dataset: Dataset) -> None:
    found = split_histories(tiny_dataset.ratings, 5)
    assert [item.user_id for item in found] == list(range(1, 41))
    for item in found:
        assert len(item.history) == 5
        assert len(item.later) == 11
        assert item.history["timestamp"].max() <= item.later["timestamp"].min()


def test_users_are_drawn_among_those_with_enough_ratings(tiny_dataset: Dataset) -> None:
    drawn = choose_users(tiny_dataset, 7, fewest=16, seed=3)
    assert np.unique(drawn).size == 7
    assert np.array_equal(drawn, choose_users(tiny_dataset, 7, fewest=16, seed=3))
    assert choose_users(tiny_dataset, 7, fewest=17, seed=3).size == 0


def test_lists_are_held_to_what_was_liked_later(tiny_dataset: Dataset) -> None:
    rows = tiny_dataset.ratings.iloc[:3].assign(movie_id=[4, 5, 6], rating=[5.0, 1.0, 4.0])
    someone = Newcomer(1, rows.iloc[:0], rows)
    unhappy = Newcomer(2, rows.iloc[:0], rows.assign(rating=1.0))
    found = user_ndcg([np.array([4, 6]), np.array([5])], [someone, unhappy])
    assert (found.user_ids.tolist(), found.totals.tolist()) == ([1], [1.0])
    assert user_ndcg([np.array([5]), np.array([5])], [someone, unhappy]).value == 0.0


def test_shares_and_differences_come_with_intervals() -> None:
    rng = np.random.default_rng(5)
    retrain = rng.random(80)
    users, ones = np.arange(80), np.ones(80)
    ndcg = {
        "fold_in": UserTotals(users, 0.9 * retrain, ones),
        "retrain": UserTotals(users, retrain, ones),
        "popular": UserTotals(users, rng.permutation(retrain), ones),
    }
    found = ndcg_figures(ndcg, seed=2)
    # Every resample has the same share, since both are measured on the same users.
    assert found["ndcg_share"] == 0.9
    assert found["ndcg_share_interval"] == [0.9, 0.9]
    low, high = found["fold_in_minus_popular_interval"]
    assert low < found["fold_in_minus_popular"] < high
    assert found == ndcg_figures(ndcg, seed=2)


def test_fold_in_and_retraining_are_compared(tiny_dataset: Dataset, tiny_params: Params) -> None:
    figures, checks = run(tiny_dataset, tiny_params, n_users=6, sizes=[5])
    json.dumps(figures, allow_nan=False)
    found = figures["5_ratings"]
    assert figures["users"] == 6
    assert found["users_ranked"] <= 6
    assert found["popular_ndcg_at_10"] >= 0.0
    assert found["fold_in_rmse"] == pytest.approx(found["retrain_rmse"], abs=0.7)
    most = found["fold_in_minus_popular_interval"][1]
    assert [check.value for check in checks] == [found["ndcg_share"], most]
    assert [check.bound for check in checks] == [0.95, 0.0]
