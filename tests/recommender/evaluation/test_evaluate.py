"""The whole evaluation of recommenders whose every answer is known."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from recommender.errors import DataError, RouletteError, UsageError
from recommender.evaluation.evaluate import evaluate, ratings_digest
from recommender.evaluation.report import HEADLINE_K
from recommender.scorer import RatingIntervals
from recommender.settings import EvaluationSettings

FEW = EvaluationSettings(bootstrap_samples=20)


@pytest.fixture
def split(make_split):
    return make_split(
        train=[(1, 1, 4.0), (1, 2, 3.0), (2, 1, 5.0), (3, 3, 2.0)],
        validation=[(1, 3, 4.0), (2, 4, 4.0)],
        test=[(1, 4, 5.0), (1, 5, 2.0), (2, 2, 4.0), (2, 6, 4.5), (4, 1, 3.5)],
    )


@pytest.fixture
def model(fixed_model):
    return fixed_model({1: [3, 6, 4, 1, 2, 5], 2: [6, 1, 2, 3, 4, 5]}, estimate=4.0)


def test_overall_metrics_are_hand_computed(model, split):
    report = evaluate(model, split, FEW, 1)
    metrics = report.metrics
    assert metrics["rmse"] == pytest.approx(math.sqrt((1 + 4 + 0 + 0.25 + 0.25) / 5))
    assert metrics["mae"] == pytest.approx((1 + 2 + 0 + 0.5 + 0.5) / 5)
    assert metrics["mean_error"] == pytest.approx((-1 + 2 + 0 - 0.5 + 0.5) / 5)
    # User 1 knows 1, 2 and 3: sees 6, 4, 5 with 4 relevant. User 2 knows 1 and 4: sees 6, 2, 3, 5.
    assert metrics["precision_at_10"] == pytest.approx((1 / 10 + 2 / 10) / 2)
    assert metrics["recall_at_20"] == 1.0
    assert metrics["ndcg_at_10"] == pytest.approx((1 / math.log2(3) + 1) / 2)
    assert metrics["map_at_10"] == pytest.approx((1 / 2 + 1) / 2)
    assert metrics["hit_rate_at_5"] == 1.0
    assert metrics["mrr_at_10"] == pytest.approx((1 / 2 + 1) / 2)
    # Shown: 6, 4, 5 and 6, 2, 3, 5, so everything but film 1.
    assert metrics["coverage"] == pytest.approx(5 / 6)
    exposure = [0, 1, 1, 1, 2, 2]
    pairs = sum(abs(a - b) for a in exposure for b in exposure)
    assert metrics["gini"] == pytest.approx(pairs / (2 * 6 * 7))
    # Three training users; film 1 has two ratings, 2 and 3 one, the rest none.
    bits = {2: math.log2(4 / 2), 3: math.log2(4 / 2), 4: 2.0, 5: 2.0, 6: 2.0}
    assert metrics["novelty"] == pytest.approx(sum(bits[i] for i in (6, 4, 5, 6, 2, 3, 5)) / 7)


def test_counts_and_notes_say_who_was_left_out(model, split):
    report = evaluate(model, split, FEW, 1)
    assert report.counts == {
        "ratings": 5,
        "users": 3,
        "cold_users": 1,
        "users_without_relevant": 1,
        "users_ranked": 2,
        "movies": 5,
        "cold_movies": 3,
        "catalogue": 6,
    }
    assert report.notes == (
        "1 of 3 users rated nothing at 4 stars or above and have no ranking metrics.",
    )
    assert (report.part, report.split_method, report.dataset) == ("test", "temporal", "tiny")


def test_validation_is_measured_without_a_look_at_the_test(model, split):
    report = evaluate(model, split, FEW, 1, part="validation")
    assert report.part == "validation"
    assert report.counts["ratings"] == 2
    # User 1 sees 3 first; user 2 knows only film 1 and sees 6, 2, 3, 4.
    assert report.metrics["mrr_at_10"] == pytest.approx((1 + 1 / 4) / 2)
    assert report.part_digest != evaluate(model, split, FEW, 1).part_digest


def test_the_headline_length_is_always_there(model, split):
    report = evaluate(model, split, EvaluationSettings(k_values=(3,), bootstrap_samples=5), 1)
    assert {"ndcg_at_3", f"ndcg_at_{HEADLINE_K}"} <= report.metrics.keys()
    assert "ndcg_at_5" not in report.metrics


def test_per_user_arrays_add_up_to_the_metrics(model, split):
    report = evaluate(model, split, FEW, 1)
    assert report.user_errors.user_ids.tolist() == [1, 2, 4]
    assert report.user_errors.n_ratings.tolist() == [2, 2, 1]
    assert report.user_errors.squared_error_sum.tolist() == [5.0, 0.25, 0.25]
    for key in ("rmse", "mae", "ndcg_at_10", "precision_at_10"):
        assert report.user_totals(key).value == pytest.approx(report.metrics[key])
    with pytest.raises(KeyError):
        report.user_totals("coverage")


def big_split(make_split, n_users=60):
    rng = np.random.default_rng(3)
    train = [(user, 1, 4.0) for user in range(1, n_users + 1)]
    test = [
        (user, int(movie), float(rng.choice([2.0, 4.0, 5.0])))
        for user in range(1, n_users + 1)
        for movie in rng.choice(np.arange(2, 21), size=4, replace=False)
    ]
    return make_split(train, test, n_movies=20)


def test_too_many_users_are_sampled_by_seed_and_the_report_says_so(make_split, fixed_model):
    split, lists = big_split(make_split), {0: list(range(1, 21))}
    settings = EvaluationSettings(max_users=40, bootstrap_samples=5)
    model = fixed_model(lists)
    report = evaluate(model, split, settings, seed=1)
    assert report.counts["users_ranked"] == len(set(model.asked)) == 40
    eligible = report.counts["users"] - report.counts["users_without_relevant"]
    assert report.notes[-1] == (
        f"Ranking metrics are over 40 of {eligible} users, drawn with seed 1 (max_users is 40)."
    )
    assert report.counts["ratings"] == len(split.test)
    again, other = (evaluate(fixed_model(lists), split, settings, seed) for seed in (1, 2))
    assert again.to_dict() == report.to_dict()
    assert other.user_scores.user_ids.tolist() != report.user_scores.user_ids.tolist()
    assert other.metrics["rmse"] == report.metrics["rmse"]


def test_intervals_hold_the_metric_and_are_absent_where_users_do_not_make_them(
    make_split, fixed_model
):
    report = evaluate(fixed_model({0: list(range(1, 21))}), big_split(make_split), FEW, 1)
    for key, (low, high) in report.intervals.items():
        assert low <= report.metrics[key] <= high, key
    assert {"rmse", "mae", "ndcg_at_10", "novelty"} <= report.intervals.keys()
    assert not {"coverage", "gini"} & report.intervals.keys()


def test_an_oracle_beats_a_reversed_oracle(make_split, fixed_model):
    split = big_split(make_split)
    lists = {}
    for user, mine in split.test.groupby("user_id"):
        best = mine.sort_values("rating", ascending=False)["movie_id"].tolist()
        lists[int(user)] = best + [movie for movie in range(1, 21) if movie not in best]
    rating = split.test.set_index(["user_id", "movie_id"])["rating"]

    def truth(users, movies):
        return rating.loc[list(zip(users, movies, strict=True))].to_numpy(dtype=float)

    oracle = evaluate(fixed_model(lists, truth), split, FEW, 1)
    assert oracle.metrics["rmse"] == 0.0
    assert oracle.metrics["ndcg_at_10"] == pytest.approx(1.0)
    assert oracle.metrics["map_at_5"] == pytest.approx(1.0)
    worst = evaluate(fixed_model({u: m[::-1] for u, m in lists.items()}), split, FEW, 1)
    assert worst.metrics["recall_at_10"] == 0.0


def test_a_model_that_gives_no_score_stops_the_evaluation(fixed_model, split):
    model = fixed_model({0: [1]}, estimate=float("nan"))
    with pytest.raises(RouletteError, match="missing or not finite"):
        evaluate(model, split, FEW, 1)


def test_a_model_that_recommends_nothing_stops_the_evaluation(fixed_model, split):
    with pytest.raises(RouletteError, match="recommended nothing"):
        evaluate(fixed_model({}), split, FEW, 1)


def test_empty_lists_of_some_users_are_misses(fixed_model, split):
    report = evaluate(fixed_model({1: [], 2: [2]}), split, FEW, 1)
    assert report.metrics["recall_at_10"] == pytest.approx((0 + 1 / 2) / 2)
    assert report.metrics["novelty"] == pytest.approx(1.0)


def test_an_empty_part_is_refused(model, make_split):
    with pytest.raises(DataError, match="the test part of tiny: there are no ratings"):
        evaluate(model, make_split([(1, 1, 4.0)], []), FEW, 1)


def test_a_part_without_relevant_ratings_is_refused(model, make_split):
    split = make_split([(1, 1, 3.0)], [(1, 2, 3.0)])
    with pytest.raises(DataError, match=r"reaches 4 stars.*relevance_threshold"):
        evaluate(model, split, FEW, 1)


def test_a_rated_movie_outside_the_catalogue_is_refused(model, make_split):
    with pytest.raises(RouletteError, match=r"the test ratings: .* \(found 99\)"):
        evaluate(model, make_split([(1, 1, 3.0)], [(1, 99, 4.0)]), FEW, 1)


def test_one_user_and_one_movie_are_enough(fixed_model, make_split):
    split = make_split([(1, 1, 4.0)], [(2, 1, 4.0)], n_movies=1)
    report = evaluate(fixed_model({0: [1]}), split, FEW, 1)
    assert report.metrics["ndcg_at_10"] == report.metrics["coverage"] == 1.0
    assert report.metrics["gini"] == 0.0
    assert report.intervals == {}


@pytest.mark.parametrize(
    "change",
    [
        {"k_values": (0,)},
        {"max_users": 0},
        {"bootstrap_samples": 0},
        {"confidence": 1.0},
        {"confidence": 0.0},
    ],
)
def test_settings_out_of_range_name_themselves(model, split, change):
    with pytest.raises(UsageError, match=rf"evaluation\.{next(iter(change))}"):
        evaluate(model, split, dataclasses.replace(FEW, **change), 1)


def test_the_digest_of_ratings_ignores_their_order_and_nothing_else(split):
    digest = ratings_digest(split.test)
    assert ratings_digest(split.test.iloc[::-1]) == digest
    other = split.test.assign(rating=split.test["rating"].where(split.test.index > 0, 1.0))
    assert ratings_digest(other) != digest


class Sure:
    """A model that states what it is told to: from half a star below to one above."""

    interval_levels = (0.5, 0.8)

    def __init__(self, model):
        self.name, self.predict, self.recommend = model.name, model.predict, model.recommend

    def rating_intervals(self, user_ids, movie_ids, ratings, level):
        assert user_ids.shape == movie_ids.shape == ratings.shape
        below = 0.5 if level == 0.8 else 0.0
        groups = np.zeros(ratings.size, dtype=int)
        return RatingIntervals(level, ratings - below, ratings + level, groups, ("everyone",))


def test_intervals_are_held_against_the_ratings(model, split):
    report = evaluate(Sure(model), split, FEW, 1)
    # Ratings 5, 2, 4, 4.5 and 3.5 against an estimate of 4.
    assert report.metrics["interval_50_coverage"] == pytest.approx(2 / 5)
    assert report.metrics["interval_50_width"] == pytest.approx(0.5)
    assert report.metrics["interval_80_coverage"] == pytest.approx(3 / 5)
    assert report.metrics["interval_80_width"] == pytest.approx(1.3)
    slices = {(row.group, row.name): row.metrics for row in report.slices}
    assert slices["users", "cold"]["interval_80_coverage"] == 1.0
    assert slices["users", "warm"]["interval_80_coverage"] == pytest.approx(2 / 4)
    assert report.metrics["rmse"] == evaluate(model, split, FEW, 1).metrics["rmse"]


def test_a_model_without_intervals_has_no_such_metrics(model, split):
    class Unsure(Sure):
        interval_levels = ()

    for unsure in (model, Unsure(model)):
        report = evaluate(unsure, split, FEW, 1)
        assert not any(key.startswith("interval_") for key in report.metrics)
