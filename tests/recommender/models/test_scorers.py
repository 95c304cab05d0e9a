from __future__ import annotations

import re
from dataclasses import fields

import pytest

from recommender.errors import UsageError
from recommender.models.scorers import SCORERS, check_names, find_scorer, objective_of
from recommender.models.search_space import IntRange
from recommender.settings import ModelParams, Params, SplitParams

DIMENSIONS = [
    (name, objective, key, item)
    for name, kind in SCORERS.items()
    for objective, space in kind.spaces.items()
    for key, item in space.items()
]


@pytest.mark.parametrize(("name", "objective", "key", "item"), DIMENSIONS)
def test_every_dimension_is_a_hyper_parameter_around_its_default(
    name: str, objective: str, key: str, item: object
) -> None:
    kinds = {field.name: field.type for field in fields(ModelParams)}
    assert kinds[key] == ("int" if isinstance(item, IntRange) else "float")
    assert item.low <= getattr(ModelParams(), key) <= item.high  # type: ignore[attr-defined]
    assert item.low > 0 or not item.log  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", SCORERS)
def test_every_scorer_is_made_from_parameters_and_seed(name: str) -> None:
    params = Params(seed=7, model=ModelParams(n_factors=3))
    scorer = find_scorer(name).make(params)
    assert callable(scorer.fit)
    assert scorer.params is params.model  # type: ignore[attr-defined]
    assert scorer.seed == 7  # type: ignore[attr-defined]


def test_the_hybrid_sets_its_weights_as_the_split_asks() -> None:
    hybrid = find_scorer("hybrid").make(Params(split=SplitParams(method="random")))
    assert hybrid.method == "random"  # type: ignore[attr-defined]


def test_the_hybrid_and_its_rivals_are_in_the_table() -> None:
    assert {"popularity", "bias", "svd", "nmf", "content", "taste", "ease", "hybrid"} <= set(
        SCORERS
    )


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"'hybird'.*'hybrid'"):
        check_names(["svd", "hybird"])
    with pytest.raises(UsageError, match="popularity"):
        find_scorer("zzz")


def test_a_model_is_tuned_for_its_own_objective_unless_asked_otherwise() -> None:
    assert objective_of("svd", None) == "rmse"
    assert objective_of("hybrid", None) == "ndcg_at_10"
    assert objective_of("hybrid", "rmse") == "rmse"


def test_what_cannot_be_tuned_is_refused_with_what_can() -> None:
    with pytest.raises(UsageError, match=r"nothing of svd bears on ndcg_at_10.*rmse"):
        objective_of("svd", "ndcg_at_10")
    with pytest.raises(UsageError, match="nothing of popularity bears"):
        objective_of("popularity", None)


@pytest.mark.parametrize("name", SCORERS)
def test_names_can_be_keys_of_metrics_and_words_of_a_shell(name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z-]*", name)
