from __future__ import annotations

import numpy as np
import pytest

from simulation.traffic.truth import mean_quality, quality

SCORE = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
WORTH = np.array([0.8, 0.6, 0.4, 0.2, 0.0])
NOTHING = np.zeros(5, dtype=bool)


def test_the_best_list_has_no_regret() -> None:
    found = quality(np.array([0, 1, 2]), SCORE, WORTH, NOTHING)
    assert found.ndcg == pytest.approx(1.0)
    assert found.regret == pytest.approx(0.0)
    assert found.taste == pytest.approx(4.0)
    looked = np.array([1, 2**-0.7, 3**-0.7])
    assert found.satisfaction == pytest.approx(float(looked @ WORTH[:3] / looked.sum()))


def test_order_and_choice_both_count() -> None:
    best, turned, worst = (
        quality(np.array(places), SCORE, WORTH, NOTHING)
        for places in ([0, 1, 2], [2, 1, 0], [4, 3, 2])
    )
    assert best.ndcg > turned.ndcg > worst.ndcg
    assert best.satisfaction > turned.satisfaction > worst.satisfaction
    assert turned.regret == pytest.approx(best.satisfaction - turned.satisfaction)


def test_what_was_seen_is_worth_nothing_and_not_missed() -> None:
    seen = np.array([True, False, False, False, False])
    assert quality(np.array([1, 2]), SCORE, WORTH, seen).regret == pytest.approx(0.0)
    again = quality(np.array([0, 1]), SCORE, WORTH, seen)
    assert again.regret > 0
    everything = quality(np.array([0, 1]), SCORE, WORTH, np.ones(5, dtype=bool))
    assert (everything.ndcg, everything.regret, everything.satisfaction) == (0.0, 0.0, 0.0)


def test_means_are_over_lists() -> None:
    found = [quality(np.array([place]), SCORE, WORTH, NOTHING) for place in (0, 4)]
    assert mean_quality(found)["taste"] == 3.0
