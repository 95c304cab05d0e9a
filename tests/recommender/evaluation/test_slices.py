"""Who falls into which slice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.slices import activity_buckets, head_movies
from recommender.settings import EvaluationSettings

COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=30).map(np.array)


@given(COUNTS, st.floats(0.05, 1.0))
def test_the_head_is_the_smallest_set_that_reaches_its_share(counts, share):
    head = head_movies(counts, share)
    total = counts.sum()
    assert not head[counts == 0].any()
    if total:
        assert counts[head].sum() >= share * total - 1e-9
        assert counts[head].sum() - counts[head].min() < share * total
        assert counts[head].min() >= counts[~head].max(initial=0)


@given(COUNTS)
def test_every_warm_user_is_in_one_activity_bucket(counts):
    buckets = np.array(list(activity_buckets(counts * 10).values()))
    assert buckets.sum(axis=0).tolist() == (counts > 0).astype(int).tolist()


@pytest.fixture
def report(make_split, fixed_model):
    # Movie 1 is the head (6 of 10 ratings), 2 and 3 the tail, 4 to 6 are cold.
    train = [(user, 1, 4.0) for user in range(1, 7)]
    train += [(1, 2, 3.0), (2, 2, 3.0), (3, 2, 3.0), (4, 3, 3.0)]
    test = [(1, 3, 5.0), (1, 4, 4.0), (2, 3, 2.0), (8, 1, 5.0), (8, 2, 4.0), (9, 5, 1.0)]
    model = fixed_model({0: [3, 1, 6, 2, 4, 5]}, estimate=3.0)
    return evaluate(model, make_split(train, test), EvaluationSettings(bootstrap_samples=10), 1)


def slices_of(report):
    return {(row.group, row.name): row for row in report.slices}


def test_slices_hold_the_ratings_and_users_they_say(report):
    found = {
        key: (row.n_ratings, row.n_users, row.n_ranked) for key, row in slices_of(report).items()
    }
    assert found == {
        ("users", "warm"): (3, 2, 1),
        ("users", "cold"): (3, 2, 1),
        ("activity", "1-9"): (3, 2, 1),
        ("activity", "10-49"): (0, 0, 0),
        ("activity", "50-199"): (0, 0, 0),
        ("activity", "200+"): (0, 0, 0),
        ("movies", "warm"): (4, 3, 2),
        ("movies", "cold"): (2, 2, 1),
        ("popularity", "head"): (1, 1, 1),
        ("popularity", "tail"): (3, 3, 2),
    }


def test_slice_metrics_are_hand_computed(report):
    rows = slices_of(report)
    assert rows["users", "warm"].metrics["rmse"] == pytest.approx(np.sqrt((4 + 1 + 1) / 3))
    assert rows["movies", "cold"].metrics["mae"] == 1.5
    # User 1 knows films 1 and 2 and sees 3, 6, 4, 5: the relevant film 4 is cold, at place 3.
    assert rows["movies", "cold"].metrics["mrr_at_10"] == pytest.approx(1 / 3)
    assert rows["movies", "cold"].metrics["recall_at_10"] == 1.0
    # User 8 knows nothing and sees film 1 at place 2, film 2 at place 4.
    assert rows["popularity", "head"].metrics["mrr_at_10"] == pytest.approx(1 / 2)
    assert rows["popularity", "tail"].metrics["mrr_at_10"] == pytest.approx((1 / 1 + 1 / 4) / 2)


def test_an_empty_slice_has_no_metrics(report):
    row = slices_of(report)["activity", "200+"]
    assert row.metrics == {}
    assert row.intervals == {}
