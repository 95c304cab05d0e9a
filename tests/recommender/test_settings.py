from __future__ import annotations

from pathlib import Path

import pytest

from recommender.errors import UsageError
from recommender.settings import (
    ComparisonConfig,
    EvaluationSettings,
    Params,
    SplitParams,
    TrainingConfig,
    TuningConfig,
    TuningSettings,
    parse_settings,
    read_settings,
)


def write(folder: Path, text: str) -> Path:
    file = folder / "settings.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_project_files_mirror_the_defaults(repo: Path) -> None:
    assert read_settings(Params, repo / "params.yaml") == Params()
    configs = repo / "configs"
    assert read_settings(TrainingConfig, configs / "training.yaml") == TrainingConfig()
    assert read_settings(ComparisonConfig, configs / "comparison.yaml") == ComparisonConfig()
    assert read_settings(TuningConfig, configs / "tuning.yaml") == TuningConfig()


def test_an_objective_is_one_of_two_or_none() -> None:
    assert parse_settings(TuningSettings, {"objective": None}, place="t").objective is None
    assert parse_settings(TuningSettings, {"objective": "rmse"}, place="t").objective == "rmse"
    with pytest.raises(UsageError, match="ndcg_at_10"):
        parse_settings(TuningSettings, {"objective": "mae"}, place="t")


def test_file_wins_over_defaults_and_overrides_win_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "seed: 1\nmodel: {n_factors: 7, n_epochs: 3}\n")
    params = read_settings(Params, file, {"model.n_factors": 9, "split.method": "random"})
    assert (params.seed, params.model.n_factors, params.model.n_epochs) == (1, 9, 3)
    assert params.split.method == "random"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model: {n_factor: 5}", ["model", "'n_factor'", "'n_factors'"]),
        ("sed: 5", ["'sed'", "'seed'"]),
        ("zzzzzz: 5", ["'zzzzzz'", "Known keys"]),
        ("seed: many", ["seed", "int", "'many'"]),
        ("seed: true", ["seed", "int", "True"]),
        ("split: {method: temporl}", ["method", "'temporl'", "'temporal'"]),
        ("split: 5", ["split", "mapping"]),
        ("- 1", ["mapping"]),
        ("a: [", ["not valid YAML"]),
    ],
)
def test_what_cannot_be_obeyed_names_place_value_and_remedy(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        read_settings(Params, write(tmp_path, text))
    assert all(word in str(caught.value) for word in [*words, "settings.yaml"])


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--config"):
        read_settings(Params, tmp_path / "absent.yaml")


def test_an_override_into_a_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--set seed\.x"):
        read_settings(Params, write(tmp_path, "seed: 1"), {"seed.x": 2})


def test_lists_become_tuples_and_whole_numbers_become_floats() -> None:
    tree = {"k_values": [1, 2], "relevance_threshold": 4}
    settings = parse_settings(EvaluationSettings, tree, place="evaluation")
    assert settings.k_values == (1, 2)
    assert isinstance(settings.relevance_threshold, float)
    with pytest.raises(UsageError, match="list"):
        parse_settings(EvaluationSettings, {"k_values": 5}, place="evaluation")


def test_optional_text_and_maps() -> None:
    tree = {"data_path": None, "column_map": {"user_id": "customer"}}
    config = parse_settings(TrainingConfig, tree, place="config")
    assert config.data_path is None
    assert config.column_map == {"user_id": "customer"}
    with pytest.raises(UsageError, match="mapping"):
        parse_settings(TrainingConfig, {"column_map": 5}, place="config")
    with pytest.raises(UsageError, match="str"):
        parse_settings(TrainingConfig, {"data_path": 5}, place="config")


def test_a_required_key_without_default_is_named() -> None:
    from recommender.data.ingest import DataRequest

    with pytest.raises(UsageError, match="'name'"):
        parse_settings(DataRequest, {}, place="data")


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        SplitParams().method = "random"  # type: ignore[misc]  # the point of the test
