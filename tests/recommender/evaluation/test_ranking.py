"""Ranking metrics on hand-computed cases, against trec_eval and scikit-learn, and their limits."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from recommender.evaluation.ranking import (
    average_precision_at_k,
    catalogue_coverage,
    gini_of_exposure,
    hit_rate_at_k,
    mark_hits,
    ndcg_at_k,
    precision_at_k,
    ranking_scores,
    recall_at_k,
    reciprocal_rank_at_k,
    self_information,
)

K_VALUES = (1, 3, 5, 10)

MOVIES = st.integers(1, 30)
LISTS = st.lists(MOVIES, min_size=1, max_size=25, unique=True)
RELEVANT = st.lists(MOVIES, min_size=1, max_size=15, unique=True)


def score(metric, shown, liked, k, width=None):
    hits, n_relevant = mark_hits([np.array(shown)], [np.array(liked)], width or max(k, 1))
    needs_count = metric in (recall_at_k, ndcg_at_k, average_precision_at_k)
    values = metric(hits, n_relevant, k) if needs_count else metric(hits, k)
    assert values.shape == (1,)
    return float(values[0])


# Shown 5 films; films 2, 4 and 9 are relevant; hits at places 2 and 4.
SHOWN, LIKED = [1, 2, 3, 4, 5], [2, 4, 9]
IDEAL_3 = 1 + 1 / math.log2(3) + 1 / math.log2(4)


@pytest.mark.parametrize(
    ("metric", "k", "expected"),
    [
        (precision_at_k, 1, 0.0),
        (precision_at_k, 2, 1 / 2),
        (precision_at_k, 5, 2 / 5),
        (precision_at_k, 10, 2 / 10),  # k beyond the list: empty places are misses
        (recall_at_k, 2, 1 / 3),
        (recall_at_k, 10, 2 / 3),
        (ndcg_at_k, 1, 0.0),
        (ndcg_at_k, 2, (1 / math.log2(3)) / (1 + 1 / math.log2(3))),
        (ndcg_at_k, 5, (1 / math.log2(3) + 1 / math.log2(5)) / IDEAL_3),
        (ndcg_at_k, 10, (1 / math.log2(3) + 1 / math.log2(5)) / IDEAL_3),
        (average_precision_at_k, 2, (1 / 2) / 2),  # two of three fit into k = 2
        (average_precision_at_k, 5, (1 / 2 + 2 / 4) / 3),
        (hit_rate_at_k, 1, 0.0),
        (hit_rate_at_k, 2, 1.0),
        (reciprocal_rank_at_k, 1, 0.0),
        (reciprocal_rank_at_k, 5, 1 / 2),
    ],
)
def test_hand_computed(metric, k, expected):
    assert score(metric, SHOWN, LIKED, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("metric", "perfect"),
    [
        (precision_at_k, 0.5),
        (recall_at_k, 1.0),
        (ndcg_at_k, 1.0),
        (average_precision_at_k, 1.0),
        (hit_rate_at_k, 1.0),
        (reciprocal_rank_at_k, 1.0),
    ],
)
def test_a_perfect_and_an_empty_list(metric, perfect):
    assert score(metric, [7, 8, 1, 2], [8, 7], 4) == pytest.approx(perfect)
    assert score(metric, [], [8, 7], 4) == 0.0


def test_a_full_list_of_hits_scores_one_with_more_relevant_than_places():
    shown, liked = list(range(5)), list(range(50))
    for metric in (precision_at_k, ndcg_at_k, average_precision_at_k):
        assert score(metric, shown, liked, 5) == pytest.approx(1.0)
    assert score(recall_at_k, shown, liked, 5) == pytest.approx(0.1)


@given(st.lists(st.tuples(LISTS, RELEVANT), min_size=1, max_size=6))
def test_agrees_with_trec_eval(users):
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="no wheel for this platform")
    judged = {str(u): {str(m): 1 for m in liked} for u, (_, liked) in enumerate(users)}
    ranked = {
        str(u): {str(m): float(-place) for place, m in enumerate(shown)}
        for u, (shown, _) in enumerate(users)
    }
    cuts = ",".join(map(str, K_VALUES))
    measures = {f"{name}.{cuts}" for name in ("P", "recall", "ndcg_cut", "map_cut", "success")}
    found = pytrec_eval.RelevanceEvaluator(judged, measures | {"recip_rank"}).evaluate(ranked)
    hits, n_relevant = mark_hits(
        [np.array(shown) for shown, _ in users], [np.array(liked) for _, liked in users], 30
    )
    for k in K_VALUES:
        ours = ranking_scores(hits, n_relevant, k)
        for u in range(len(users)):
            theirs = found[str(u)]
            # trec_eval divides by all relevant films, we by those that fit into k.
            average = theirs[f"map_cut_{k}"] * n_relevant[u] / min(n_relevant[u], k)
            first = theirs["recip_rank"] if theirs[f"success_{k}"] else 0.0
            expected = {
                f"precision_at_{k}": theirs[f"P_{k}"],
                f"recall_at_{k}": theirs[f"recall_{k}"],
                f"ndcg_at_{k}": theirs[f"ndcg_cut_{k}"],
                f"map_at_{k}": average,
                f"hit_rate_at_{k}": theirs[f"success_{k}"],
                f"mrr_at_{k}": first,
            }
            assert {key: values[u] for key, values in ours.items()} == pytest.approx(expected)


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), min_size=1), st.integers(1, 12))
def test_ndcg_agrees_with_scikit_learn(shown, liked, k):
    truth = np.array([[movie in liked for movie in range(12)]], dtype=float)
    scores = np.empty((1, 12))
    scores[0, list(shown)] = -np.arange(12.0)
    expected = ndcg_score(truth, scores, k=k)
    assert score(ndcg_at_k, shown, sorted(liked), k) == pytest.approx(expected)


@given(LISTS, RELEVANT, st.integers(1, 30))
def test_every_metric_is_between_zero_and_one_and_grows_with_relevant_first(shown, liked, k):
    hits, n_relevant = mark_hits([np.array(shown)], [np.array(liked)], 30)
    better = np.sort(hits, axis=1)[:, ::-1]
    for key, values in ranking_scores(hits, n_relevant, k).items():
        assert 0.0 <= values[0] <= 1.0 + 1e-12
        assert values[0] <= ranking_scores(better, n_relevant, k)[key][0] + 1e-12


def test_lists_longer_than_the_matrix_are_cut():
    hits, _ = mark_hits([np.array([1, 2, 3])], [np.array([3])], width=2)
    assert hits.tolist() == [[False, False]]


@pytest.mark.parametrize("metric", [recall_at_k, ndcg_at_k, average_precision_at_k])
def test_a_user_without_relevant_films_is_refused(metric):
    with pytest.raises(ValueError, match="leave them out"):
        metric(np.zeros((1, 3), dtype=bool), np.array([0]), 3)


def test_k_must_be_positive():
    with pytest.raises(ValueError, match="at least 1"):
        precision_at_k(np.zeros((1, 3), dtype=bool), 0)


def gini_by_pairs(exposure):
    differences = np.abs(np.subtract.outer(exposure, exposure)).sum()
    return differences / (2 * exposure.size * exposure.sum())


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any))
def test_gini_agrees_with_the_mean_difference_of_pairs(exposure):
    exposure = np.array(exposure)
    assert gini_of_exposure(exposure) == pytest.approx(gini_by_pairs(exposure), abs=1e-12)
    assert gini_of_exposure(exposure * 7) == pytest.approx(gini_of_exposure(exposure))


def test_spread_over_nothing_is_undefined():
    with pytest.raises(ValueError, match="Gini"):
        gini_of_exposure(np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="empty catalogue"):
        catalogue_coverage(np.zeros(0, dtype=int))


def test_rare_films_carry_more_information():
    bits = self_information(np.array([0, 1, 5, 100]), n_users=100)
    assert np.isfinite(bits).all()
    assert all(before > after for before, after in pairwise(bits))
    assert bits[0] == pytest.approx(math.log2(101))
    assert bits[-1] == 0.0
