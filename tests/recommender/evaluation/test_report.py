"""The report survives JSON without loss, and only like is compared with like."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from recommender.errors import UsageError
from recommender.evaluation.comparison import compare_reports
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.report import EvaluationReport
from recommender.settings import EvaluationSettings

SETTINGS = EvaluationSettings(bootstrap_samples=50)


@pytest.fixture
def split(make_split):
    train = [(user, 1 + user % 3, 4.0) for user in range(1, 31)]
    test = [(user, 4 + user % 3, 4.0 + user % 2) for user in range(1, 31)]
    return make_split(train, test)


@pytest.fixture
def report(split, fixed_model):
    return evaluate(fixed_model({0: [4, 5, 6, 1, 2, 3]}, 4.2), split, SETTINGS, 1)


def test_json_round_trip_keeps_every_field(report):
    text = json.dumps(report.to_dict(), allow_nan=False)
    back = EvaluationReport.from_dict(json.loads(text))
    for field in dataclasses.fields(EvaluationReport):
        ours, theirs = getattr(report, field.name), getattr(back, field.name)
        if field.name not in ("user_errors", "user_scores"):
            assert theirs == ours, field.name
    assert back.to_dict() == report.to_dict()
    assert np.array_equal(back.user_errors.n_ratings, report.user_errors.n_ratings)
    assert back.user_totals("rmse").value == report.user_totals("rmse").value


def test_a_tree_with_an_absent_or_unknown_field_is_refused(report):
    tree = report.to_dict()
    with pytest.raises(TypeError, match="surprise"):
        EvaluationReport.from_dict({**tree, "surprise": 1})
    del tree["settings"]
    with pytest.raises(KeyError, match="settings"):
        EvaluationReport.from_dict(tree)


def test_a_report_read_back_compares_as_the_original(report, split, fixed_model):
    worse = evaluate(fixed_model({0: [1, 2, 3, 6, 5, 4]}, 3.0), split, SETTINGS, 1)
    back = EvaluationReport.from_dict(json.loads(json.dumps(worse.to_dict())))
    found = compare_reports(report, back)
    assert found == compare_reports(report, worse)
    assert found["ndcg_at_10"].low > 0 > found["rmse"].high
    assert found["rmse"].first == pytest.approx(report.metrics["rmse"])


def test_another_test_set_is_not_compared(report, make_split, fixed_model):
    other = make_split([(1, 1, 4.0)], [(1, 2, 4.0)])
    with pytest.raises(UsageError, match="same test set"):
        compare_reports(report, evaluate(fixed_model({0: [1, 2]}), other, SETTINGS, 1))


def test_another_threshold_is_not_compared(report, split, fixed_model):
    settings = dataclasses.replace(SETTINGS, relevance_threshold=5.0)
    with pytest.raises(UsageError, match="same test set"):
        compare_reports(report, evaluate(fixed_model({0: [4]}), split, settings, 1))


def test_another_sample_of_users_is_not_compared(report, split, fixed_model):
    settings = dataclasses.replace(SETTINGS, max_users=15)
    sampled = evaluate(fixed_model({0: [4]}), split, settings, 1)
    with pytest.raises(UsageError, match=r"ndcg_at_10 of fixed.*same seed"):
        compare_reports(report, sampled)
