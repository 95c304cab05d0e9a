from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
import pytest

from recommender.comparison.compare import compare_models
from recommender.comparison.report import Comparison
from recommender.errors import RouletteError, UsageError
from recommender.evaluation.evaluate import evaluate
from recommender.models import scorers
from recommender.models.ease import EASEScorer
from recommender.models.scorers import ScorerKind
from recommender.models.search_space import with_values
from recommender.schema import Dataset, Split
from recommender.settings import ComparisonSettings, EvaluationSettings, Params
from recommender.tuning.objective import measure_objective
from tests.recommender.comparison.conftest import QUICK


def compare(split: Split, params: Params, *models: str, **settings: Any) -> Comparison:
    asked = ComparisonSettings(models=models, **{"reference": "ease", **settings})
    return compare_models(split, params, asked, QUICK)


def test_every_model_has_the_same_budget_and_one_measurement(compared: Comparison) -> None:
    tried = {model.name: model.tried for model in compared.models}
    assert tried == {"popularity": 1, "bias": 3, "svd": 3, "ease": 3}
    assert {model.report.part for model in compared.models} == {"test"}
    assert len({model.report.part_digest for model in compared.models}) == 1
    assert all(model.report.model == model.name for model in compared.models)
    assert all(model.fit_seconds > 0 for model in compared.models)
    assert all(model.list_milliseconds > 0 for model in compared.models)


def test_the_best_on_validation_is_kept_and_not_fitted_again(
    compared: Comparison, tiny_split: Split, tiny_params: Params
) -> None:
    ease = next(model for model in compared.models if model.name == "ease")
    assert ease.chosen_score is not None
    assert ease.configured_score is not None
    assert ease.chosen_score >= ease.configured_score
    again = EASEScorer(with_values(tiny_params.model, ease.values), 1).fit(tiny_split.train)
    score = measure_objective(again, tiny_split, "ndcg_at_10", QUICK, seed=1)
    assert score == ease.chosen_score
    assert evaluate(again, tiny_split, QUICK, 1).metrics == ease.report.metrics


def test_test_ratings_do_not_choose(tiny_split: Split, tiny_params: Params) -> None:
    rng = np.random.default_rng(1)
    shuffled = tiny_split.test.assign(rating=rng.permutation(tiny_split.test["rating"].to_numpy()))
    first = compare(tiny_split, tiny_params, "ease", trials=1)
    other = compare(replace(tiny_split, test=shuffled), tiny_params, "ease", trials=1)
    for one, two in zip(first.models, other.models, strict=True):
        assert (one.values, one.chosen_score) == (two.values, two.chosen_score)
        assert one.report.metrics != two.report.metrics


def test_without_trials_models_are_as_configured(tiny_split: Split, tiny_params: Params) -> None:
    [model] = compare(tiny_split, tiny_params, "bias", trials=0).models
    assert model.values["bias_user_damping"] == tiny_params.model.bias_user_damping
    assert (model.tried, model.chosen_score, model.configured_score) == (1, None, None)


def test_the_same_seed_tries_the_same(tiny_split: Split, tiny_params: Params) -> None:
    first, second = (compare(tiny_split, tiny_params, "bias", trials=1).models[0] for _ in range(2))
    assert (first.values, first.report.metrics) == (second.values, second.report.metrics)


def test_differences_are_to_the_reference_over_the_same_users(compared: Comparison) -> None:
    models = {model.name: model for model in compared.models}
    assert models["ease"].against_reference == {}
    item = models["bias"].against_reference["ndcg_at_10"]
    assert item.first == models["bias"].report.metrics["ndcg_at_10"]
    assert item.second == models["ease"].report.metrics["ndcg_at_10"]
    assert item.low <= item.estimate <= item.high


def test_without_the_reference_there_are_no_differences(
    tiny_split: Split, tiny_params: Params
) -> None:
    [model] = compare(tiny_split, tiny_params, "bias", trials=0, reference="svd").models
    assert model.against_reference == {}


class Moody:
    """Cannot be fitted where its regularization differs from the configured one."""

    name = "moody"

    def __init__(self, params: Params) -> None:
        self.inner = EASEScorer(params.model, params.seed)

    def fit(self, dataset: Dataset) -> Self:
        if self.inner.params.ease_regularization != Params().model.ease_regularization:
            raise FloatingPointError("overflow")
        self.inner.fit(dataset)
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_failures_are_counted_and_told(
    tiny_split: Split, tiny_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(params: Params) -> Any:
        raise RouletteError("the factors are not finite", value=params.model.n_factors)

    spaces = scorers.SCORERS["ease"].spaces
    table = {
        **scorers.SCORERS,
        "moody": ScorerKind(Moody, spaces),  # type: ignore[arg-type]
        "broken": ScorerKind(broken, spaces),
    }
    monkeypatch.setattr(scorers, "SCORERS", table)
    found = compare(tiny_split, tiny_params, "moody", "broken", trials=2)
    [moody] = found.models
    assert (moody.tried, moody.failed) == (3, 2)
    assert "not finite" in found.failures["broken"]
    assert any("2 of 3 configurations of moody" in note for note in found.notes)
    assert any("broken failed: the factors" in note for note in found.notes)
    with pytest.raises(RouletteError, match="no model could be compared: broken"):
        compare(tiny_split, tiny_params, "broken")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"trials": -1}, r"comparison\.trials"),
        ({"timed_users": 0}, r"comparison\.timed_users"),
        ({"models": ("eese",)}, "ease"),
        ({"reference": "hybird"}, "hybrid"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_before_anything_is_fitted(
    tiny_split: Split, tiny_params: Params, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        compare_models(tiny_split, tiny_params, ComparisonSettings(**settings), QUICK)


def test_settings_of_the_evaluation_are_checked_first(
    tiny_split: Split, tiny_params: Params
) -> None:
    with pytest.raises(UsageError, match="max_users"):
        compare_models(
            tiny_split, tiny_params, ComparisonSettings(), EvaluationSettings(max_users=0)
        )


def test_a_comparison_survives_storage(compared: Comparison) -> None:
    assert Comparison.from_dict(compared.to_dict()).to_dict() == compared.to_dict()
