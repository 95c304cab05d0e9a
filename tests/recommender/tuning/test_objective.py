from __future__ import annotations

from dataclasses import replace

import pytest

from recommender.errors import RouletteError
from recommender.evaluation.evaluate import evaluate
from recommender.models.ease import EASEScorer
from recommender.schema import Split
from recommender.settings import EvaluationSettings, Objective
from recommender.tuning.objective import measure_objective


@pytest.mark.parametrize("objective", ["rmse", "ndcg_at_10"])
def test_it_is_the_metric_of_the_evaluation_on_validation(
    tiny_split: Split, objective: Objective
) -> None:
    model = EASEScorer().fit(tiny_split.train)
    settings = EvaluationSettings(bootstrap_samples=2)
    report = evaluate(model, tiny_split, settings, seed=1, part="validation")
    without_test = replace(tiny_split, test=tiny_split.test.iloc[:0])
    assert measure_objective(model, without_test, objective, settings, seed=1) == pytest.approx(
        report.metrics[objective], abs=1e-12
    )


def test_an_objective_that_is_not_finite_is_an_error(tiny_split: Split) -> None:
    class Diverged:
        name = "diverged"

        def predict(self, users, movies):  # type: ignore[no-untyped-def]
            del movies
            return users * float("nan")

    with pytest.raises(RouletteError, match="not finite"):
        measure_objective(Diverged(), tiny_split, "rmse", EvaluationSettings(), seed=1)  # type: ignore[arg-type]
