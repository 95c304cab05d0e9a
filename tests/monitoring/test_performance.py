from __future__ import annotations

import math

import numpy as np
import pytest

from events.labels import Label, ShownList
from monitoring.performance import join, performance
from monitoring.recommender_drift import list_change, overlap, rank_correlation, reach
from recommender.bundle import Bundle
from recommender.inference import Recommender
from recommender.reference.facts import ModelFacts


def shown(name: str, *movies: int, time: float = 100.0, user: int | None = 1) -> ShownList:
    return ShownList(name, time, user, "m1", movies, {})


def label(
    name: str, kind: str, movie: int, value: float | None = None, time: float = 110.0
) -> Label:
    return Label(name, time, kind, 1, movie, value)


LISTS = [shown("a", 10, 20, 30), shown("b", 10, 20, 30), shown("c", 30), shown("d", 10)]
LABELS = [
    label("a", "click", 10),
    label("a", "rating", 20, 5.0),
    label("b", "rating", 10, 2.0, time=130.0),
    label("b", "watch", 10, 90.0, time=130.0),
    label("lost", "click", 10),
    label("d", "click", 10, time=90.0),
]


def test_labels_are_joined_to_their_lists() -> None:
    joined = join(LISTS, LABELS, {"a", "b", "c", "d"}, counted_from=100.0)
    assert joined.join_rate == pytest.approx(4 / 5)
    assert joined.delay_seconds == pytest.approx(10.0)
    nothing = join([], [], set(), 0.0)
    assert (nothing.join_rate, nothing.delay_seconds) == (None, None)
    assert performance(nothing, None) == {}


def test_performance_is_known_by_eye() -> None:
    # What nobody with an id was shown cannot have been clicked, as far as is known.
    lists = [*LISTS, shown("e", 10, user=None)]
    joined = join(lists, LABELS, {"a", "b", "c", "d"}, 0.0)
    found = performance(joined, lambda users, _: np.full(len(users), 4.0))
    clicked = found["click_through"]
    # A list is looked at by a click or a watch: a, b and d, of four.
    assert (clicked.value, clicked.samples) == (pytest.approx(3 / 4), 4)
    assert clicked.sigma == pytest.approx(math.sqrt(0.75 * 0.25 / 4))
    # In a the second place is liked, in b the first.
    ndcg = found["ndcg"]
    assert ndcg.value == pytest.approx((1.0 / math.log2(3.0) + 1.0) / 2.0)
    assert ndcg.samples == 2
    rmse = found["rmse"]
    assert rmse.value == pytest.approx(math.sqrt((1.0 + 4.0) / 2.0))
    assert rmse.sigma == pytest.approx(1.5 / math.sqrt(2.0) / (2.0 * rmse.value))
    assert not rmse.higher_is_better
    one = join(LISTS, LABELS[1:2], {"a"}, 0.0)
    exact = performance(one, lambda users, _: np.full(len(users), 5.0))
    assert (exact["rmse"].value, exact["rmse"].sigma) == (0.0, 0.0)
    assert "rmse" not in performance(joined, None)
    assert set(performance(join(LISTS, LABELS[:1], {"a"}, 0.0), None)) == {"click_through"}


def test_without_ratings_there_is_no_error_of_ratings() -> None:
    joined = join(LISTS, [label("a", "click", 10)], set(), 0.0)
    found = performance(joined, lambda users, _: np.full(len(users), 4.0))
    assert "rmse" not in found
    assert found["click_through"].value == pytest.approx(1 / 4)


def test_lists_of_one_model_and_time_can_be_told_apart() -> None:
    joined = join([*LISTS, shown("late", 10, time=900.0)], [], set(), 0.0)
    assert len(joined.of_model("m1").lists) == 5
    assert len(joined.of_model("m1", 100.0, 900.0).lists) == 4
    assert joined.of_model("m2").lists == ()


def test_ranks_are_compared_over_the_movies_of_either_list() -> None:
    one, other = np.array([1, 2, 3]), np.array([4, 5, 6])
    assert rank_correlation(one, other) < 0.0
    assert rank_correlation(np.array([1]), np.array([1])) == 1.0
    assert rank_correlation(np.array([1]), np.array([2])) == pytest.approx(-1.0)
    assert overlap(np.array([], dtype=int), np.array([], dtype=int)) == 1.0


def test_a_model_has_the_lists_of_itself(tiny_bundle: Bundle) -> None:
    model = Recommender.from_bundle(tiny_bundle)
    same = list_change(model, model, n_users=4, list_length=5)
    assert same is not None
    assert (same.overlap, same.rank_correlation) == (1.0, 1.0)


def test_reach_is_known_by_eye(facts: ModelFacts) -> None:
    lists = [shown("a", 10, 20, user=2), shown("b", 10, 99, user=None), shown("c", 10, user=77)]
    found = reach(lists, facts)
    assert found is not None
    assert found.coverage == pytest.approx(2 / 4)
    assert found.cold_users == pytest.approx(2 / 3)
    # 100, 50, 100 and 100 ratings, where a movie has 38.75 on average.
    assert found.popularity_lift == pytest.approx(87.5 / 38.75)
    assert reach([], facts) is None
    assert reach([shown("a", 99, user=None)], facts).cold_users == 1.0  # type: ignore[union-attr]
