"""Every row of the promotion decision."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from recommender.errors import UsageError
from recommender.evaluation.behaviour.report import BehaviourReport, judged, not_applicable
from recommender.evaluation.bootstrap import PairedDifference
from recommender.evaluation.gate import (
    CandidateEvidence,
    GateDecision,
    Origin,
    ProductionEvidence,
    judge_difference,
    should_promote,
    start_of_test,
    unfairness,
)
from recommender.evaluation.measurements import Part
from recommender.evaluation.rating import ErrorHistogram
from recommender.evaluation.report import EvaluationReport, UserErrors, UserScores
from recommender.settings import EvaluationSettings, GateSettings

SETTINGS = GateSettings(ndcg_margin=0.01, rmse_margin=0.02, min_ndcg=0.1, max_rmse=1.0)
PART: Part = "test"
N_USERS = 400
SPLIT_PARAMS = {"method": "temporal", "test_share": 0.1}


def report_of(ndcg=0.3, rmse=0.8, *, spread=0.05, seed=0, part_digest="t" * 64):
    """Return a report with about these metrics, whose users scatter by ``spread``."""
    noise = np.random.default_rng(seed).normal(0.0, 1.0, N_USERS)
    noise -= noise.mean()
    ids = np.arange(N_USERS)
    scores = ndcg + spread * noise
    squared = 10.0 * rmse**2 * (1.0 + spread * noise)
    return EvaluationReport(
        model="hybrid",
        dataset="sample",
        dataset_digest="d1",
        split_method="temporal",
        part=PART,
        part_digest=part_digest,
        seed=1,
        settings=EvaluationSettings(bootstrap_samples=400),
        metrics={"ndcg_at_10": ndcg, "rmse": rmse},
        intervals={},
        counts={"ratings": 10 * N_USERS, "users": N_USERS, "users_ranked": N_USERS},
        slices=(),
        calibration=(),
        errors=ErrorHistogram((0.0, 1.0), (1,)),
        user_errors=UserErrors(ids, np.full(N_USERS, 10), squared, squared),
        user_scores=UserScores(ids, {"ndcg_at_10": scores}),
    )


ORIGIN = Origin("new", "sample", "d1", "temporal", 1, 1000, SPLIT_PARAMS)
OLDER = Origin("old", "sample", "d0", "temporal", 1, 900, SPLIT_PARAMS)
PASSED = judged("seen_movies_never_return", True, "fine", cases=1, wrong=[])
FAILED = judged("sequels_are_near", False, "far", cases=1, wrong=["x"])
SKIPPED = not_applicable("films_of_a_director_are_near", "no credits")


def candidate(*, origin=ORIGIN, report=None, results=(PASSED, SKIPPED), valid=True, start=2000):
    behaviour = BehaviourReport("hybrid", "sample", "d1", 1, tuple(results))
    return CandidateEvidence(origin, report or report_of(), behaviour, valid, start)


def production(*, origin=OLDER, report="same"):
    return ProductionEvidence("3", origin, report_of() if report == "same" else report)


def failed_rules(decision):
    return {reason.rule for reason in decision.reasons if not reason.passed}


FLOOR_RULES = ["data_validation", "behaviour", "comparison", "ndcg_at_10", "rmse"]
ALL_RULES = ["new_model", "data_validation", "behaviour", "dataset", *FLOOR_RULES[2:]]


@pytest.mark.parametrize(
    ("evidence", "failed"),
    [
        (candidate(), set()),
        (candidate(report=report_of(0.1, 1.0)), set()),  # exactly at the floors
        (candidate(report=report_of(ndcg=0.0999)), {"ndcg_at_10"}),
        (candidate(report=report_of(rmse=1.001)), {"rmse"}),
        (candidate(report=report_of(0.01, 1.5)), {"ndcg_at_10", "rmse"}),
        (candidate(results=(PASSED, FAILED)), {"behaviour"}),
        (candidate(results=(SKIPPED,)), {"behaviour"}),
        (candidate(valid=False), {"data_validation"}),
        (candidate(valid=False, results=(FAILED,)), {"data_validation", "behaviour"}),
    ],
)
def test_without_production_the_floors_decide(evidence, failed):
    decision = should_promote(evidence, None, SETTINGS)
    assert failed_rules(decision) == failed
    assert decision.promote == (not failed)
    assert [reason.rule for reason in decision.reasons] == FLOOR_RULES


@pytest.mark.parametrize(
    ("evidence", "failed"),
    [
        (candidate(), set()),  # equal
        (candidate(report=report_of(ndcg=0.4, rmse=0.7)), set()),  # better
        (candidate(report=report_of(ndcg=0.291, rmse=0.819)), set()),  # worse within margins
        (candidate(report=report_of(ndcg=0.29, rmse=0.82)), set()),  # exactly at the margins
        (candidate(report=report_of(ndcg=0.289)), {"ndcg_at_10"}),
        (candidate(report=report_of(rmse=0.821)), {"rmse"}),
        (candidate(report=report_of(ndcg=0.5, rmse=0.9)), {"rmse"}),  # no trade between the two
        (candidate(report=report_of(ndcg=0.1, rmse=0.7)), {"ndcg_at_10"}),
        (candidate(results=(PASSED, FAILED)), {"behaviour"}),
        (candidate(valid=False), {"data_validation"}),
    ],
)
def test_on_the_same_test_set_the_margins_decide(evidence, failed):
    decision = should_promote(evidence, production(), SETTINGS)
    assert failed_rules(decision) == failed
    assert decision.promote == (not failed)
    assert [reason.rule for reason in decision.reasons] == ALL_RULES


def test_floors_do_not_hold_beside_a_fair_comparison():
    poor = report_of(0.05, 1.3)
    decision = should_promote(
        candidate(report=poor), production(report=report_of(0.05, 1.3)), SETTINGS
    )
    assert decision.promote


@pytest.mark.parametrize("seed", range(20))
def test_a_retrained_equal_model_passes(seed):
    """Same quality; each user's score moves a little, as between two seeds of training."""
    report = report_of()
    moved = np.random.default_rng(seed).normal(0.0, 0.02, N_USERS)
    scores = {"ndcg_at_10": report.user_scores.scores["ndcg_at_10"] + moved}
    errors = report.user_errors
    retrained = dataclasses.replace(
        report,
        user_scores=UserScores(report.user_scores.user_ids, scores),
        user_errors=dataclasses.replace(
            errors, squared_error_sum=errors.squared_error_sum * (1 + moved)
        ),
    )
    assert should_promote(candidate(report=retrained), production(), SETTINGS).promote


@pytest.mark.parametrize("seed", range(20))
def test_a_clearly_worse_model_fails_even_under_noise(seed):
    worse = report_of(ndcg=0.25, spread=0.15, seed=seed + 1)
    assert failed_rules(should_promote(candidate(report=worse), production(), SETTINGS)) == {
        "ndcg_at_10"
    }


def test_the_same_bundle_changes_nothing():
    same = dataclasses.replace(OLDER, bundle_digest="new")
    decision = should_promote(candidate(), production(origin=same, report=None), SETTINGS)
    assert not decision.promote
    assert decision.reasons[0].detail == "already production, as version 3: nothing changes"


OTHER_DATA = dataclasses.replace(OLDER, dataset="ml-1m")


@pytest.mark.parametrize(
    ("accept", "ndcg", "failed"),
    [
        (False, 0.3, {"dataset"}),
        (True, 0.3, set()),
        (True, 0.05, {"ndcg_at_10"}),
        (False, 0.05, {"dataset", "ndcg_at_10"}),
    ],
)
def test_another_data_set_must_be_accepted_and_then_floors_decide(accept, ndcg, failed):
    settings = dataclasses.replace(SETTINGS, accept_dataset_change=accept)
    decision = should_promote(
        candidate(report=report_of(ndcg)), production(origin=OTHER_DATA, report=None), settings
    )
    assert failed_rules(decision) == failed
    assert decision.promote == (not failed)


RANDOM = dataclasses.replace(
    ORIGIN, split_method="random", train_end=None, split_params={"method": "random"}
)
LEAVE = dataclasses.replace(RANDOM, split_method="leave_last_k")


@pytest.mark.parametrize(
    ("mine", "theirs", "start", "reason"),
    [
        # Split by time: production must have ended before the test begins.
        (ORIGIN, OLDER, 2000, None),
        (ORIGIN, dataclasses.replace(OLDER, train_end=2000), 2000, None),
        (ORIGIN, dataclasses.replace(OLDER, train_end=2001), 2000, "after the test begins at 2000"),
        (ORIGIN, dataclasses.replace(OLDER, seed=9, split_params={}), 2000, None),
        (ORIGIN, dataclasses.replace(OLDER, dataset="x"), 2000, "production was trained on x"),
        (ORIGIN, dataclasses.replace(RANDOM, bundle_digest="old"), 2000, "are random"),
        # At random: the same draw of the same data.
        (RANDOM, RANDOM, None, None),
        (RANDOM, dataclasses.replace(RANDOM, seed=2), None, "are other ones"),
        (RANDOM, dataclasses.replace(RANDOM, dataset_digest="d0"), None, "are other ones"),
        (RANDOM, dataclasses.replace(RANDOM, split_params={"share": 0.2}), None, "other ones"),
        (RANDOM, OLDER, None, "are other ones"),
        # Last ratings of each user: the seed plays no part.
        (LEAVE, dataclasses.replace(LEAVE, seed=2), None, None),
        (LEAVE, dataclasses.replace(LEAVE, dataset_digest="d0"), None, "are other ones"),
        (LEAVE, RANDOM, None, "are other ones"),
    ],
)
def test_what_makes_a_comparison_unfair(mine, theirs, start, reason):
    found = unfairness(mine, theirs, start)
    assert found is None if reason is None else reason in found


@pytest.mark.parametrize(("ndcg", "promote"), [(0.3, True), (0.05, False)])
def test_an_unfair_comparison_falls_back_on_the_floors_and_says_how_to_compare(ndcg, promote):
    later = dataclasses.replace(OLDER, train_end=3000)
    better = report_of(ndcg=0.9)
    decision = should_promote(
        candidate(report=report_of(ndcg)), production(origin=later, report=better), SETTINGS
    )
    assert decision.promote == promote
    reason = next(reason for reason in decision.reasons if reason.rule == "comparison")
    assert reason.passed
    assert reason.detail.startswith("no fair comparison: production's training ratings end at 3000")
    assert "To compare, train the candidate on data" in reason.detail


def test_a_fair_comparison_without_a_measurement_is_a_mistake_of_the_caller():
    with pytest.raises(UsageError, match="not measured on the candidate's test set"):
        should_promote(candidate(), production(report=None), SETTINGS)


def test_reports_over_different_test_sets_are_refused():
    other = report_of(part_digest="u" * 64)
    with pytest.raises(UsageError, match="same test set"):
        should_promote(candidate(), production(report=other), SETTINGS)


@pytest.mark.parametrize(
    ("estimate", "low", "high", "passed", "words"),
    [
        (0.0, 0.0, 0.0, True, "within the margin of 0.01, proven"),
        (0.0, -0.05, 0.05, True, "within the margin of 0.01, not certain"),
        (-0.005, -0.009, -0.001, True, "within the margin of 0.01, proven"),
        (-0.02, -0.05, 0.01, False, "beyond the margin of 0.01, not certain"),
        (-0.02, -0.03, -0.015, False, "beyond the margin of 0.01, proven"),
        (-0.0101, -0.0102, -0.0099, False, "beyond the margin of 0.01, not certain"),
        (-0.009, -0.03, -0.011, False, "beyond the margin of 0.01, proven"),  # by the interval
        (0.3, 0.2, 0.4, True, "within the margin of 0.01, proven"),
    ],
)
def test_the_estimate_decides_and_the_interval_says_how_sure(estimate, low, high, passed, words):
    up = PairedDifference(0.3 + estimate, 0.3, estimate, low, high, 0.95, 100)
    reason = judge_difference("ndcg_at_10", up, 0.01, higher_is_better=True)
    assert (reason.passed, reason.detail.split("; ")[1]) == (passed, words)
    down = PairedDifference(0.8 - estimate, 0.8, -estimate, -high, -low, 0.95, 100)
    mirrored = judge_difference("rmse", down, 0.01, higher_is_better=False)
    assert (mirrored.passed, mirrored.detail.split("; ")[1]) == (passed, words)


def test_the_detail_holds_the_numbers():
    difference = PairedDifference(0.28, 0.3, -0.02, -0.03, -0.015, 0.95, 100)
    reason = judge_difference("ndcg_at_10", difference, 0.01, higher_is_better=True)
    assert reason.detail == (
        "0.2800 against 0.3000: -0.0200 [-0.0300, -0.0150] at 95%; "
        "beyond the margin of 0.01, proven"
    )


def test_decision_round_trip():
    decision = should_promote(candidate(), production(), SETTINGS)
    assert GateDecision.from_dict(json.loads(json.dumps(decision.to_dict()))) == decision


def test_the_origin_is_read_from_the_manifest():
    manifest = SimpleNamespace(
        dataset="sample",
        dataset_digest="d1",
        split_method="temporal",
        seed=1,
        train_end=1000,
        params={"split": SPLIT_PARAMS, "model": {}},
    )
    assert Origin.of_bundle(SimpleNamespace(digest="new", manifest=manifest)) == ORIGIN


def test_the_test_begins_where_the_validation_ends(make_split):
    split = make_split([(1, 1, 4.0)], [(1, 2, 4.0)])
    assert start_of_test(split) == 2000
    assert start_of_test(dataclasses.replace(split, method="random")) is None
