from __future__ import annotations

import re
from pathlib import Path

import pytest

import run_pipeline
from pipelines.plan import Plan, config_of, make_plan
from recommender.errors import UsageError
from recommender.settings import TrainingConfig


def plan(*arguments: str) -> Plan:
    return make_plan(run_pipeline.build_parser().parse_args(arguments))


def test_the_command_line_wins_over_the_file() -> None:
    made = plan("--dataset", "ml-100k", "--no-cache", "--set", "gate.rmse_margin=0.5")
    assert made.config.dataset == "ml-100k"
    assert not made.config.enable_cache
    assert made.config.gate.rmse_margin == 0.5


def test_hyper_parameters_and_run_settings_are_told_apart() -> None:
    made = plan("--set", "model.n_factors=7", "--set", "seed=3", "--set", "dataset=ml-1m")
    assert (made.params.model.n_factors, made.params.seed, made.config.dataset) == (7, 3, "ml-1m")


def test_data_paths_are_absolute_so_that_steps_find_them(tmp_path: Path) -> None:
    request = plan("--data-path", "some/folder").data_request
    assert request.path is not None
    assert Path(request.path).is_absolute()


@pytest.mark.parametrize("text", ["model.n_factors", "=5", "model.n_factors=[", "model.n_factrs=5"])
def test_overrides_that_cannot_be_obeyed_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--set|n_factors"):
        plan("--set", text)


def test_events_are_merged_where_that_is_asked_for() -> None:
    assert plan("--with-events").config.with_events
    assert not plan().config.with_events
    assert plan("comparison", "--set", "with_events=true").config.with_events


def test_a_data_set_that_nobody_knows_needs_a_path() -> None:
    with pytest.raises(UsageError, match=r"ml-latst-small.*ml-latest-small"):
        plan("--dataset", "ml-latst-small")
    assert plan("--dataset", "mine", "--data-path", "x").config.dataset == "mine"
    assert plan("--dataset", "ml-1m").config.dataset == "ml-1m"


def test_an_unknown_pipeline_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        plan("trainng")
    assert caught.value.code == 2
    assert "training" in capsys.readouterr().err


def test_rows_tell_every_setting() -> None:
    rows = dict(plan("--data-path", "x").rows())
    assert rows["model.n_factors"]
    assert rows["evaluation.confidence"] == "0.95"
    assert rows["data path"].endswith("x")


def test_each_pipeline_has_its_own_run_settings() -> None:
    tuning = plan("tuning", "--trials", "7", "--model", "ease", "--write")
    assert (tuning.config.tuning.trials, tuning.config.tuning.model) == (7, "ease")
    assert tuning.write
    comparison = plan("comparison", "--trials", "0", "--set", "comparison.models=[svd, hybrid]")
    assert comparison.config.comparison.trials == 0
    assert comparison.config.comparison.models == ("svd", "hybrid")
    with pytest.raises(TypeError, match="TrainingConfig"):
        config_of(comparison, TrainingConfig)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["training", "--trials", "3"], "training has no such option"),
        (["comparison", "--model", "svd"], "--model"),
        (["comparison", "--write"], "--write"),
        (["tuning", "--write", "--set", "model.n_factors=3"], "cannot be combined"),
        (["tuning", "--model", "hybird"], "'hybrid'"),
        (["tuning", "--model", "svd", "--set", "tuning.objective=ndcg_at_10"], "bears on"),
        (["tuning", "--set", "tuning.trails=3"], "'trials'"),
        (["comparison", "--set", "comparison.models=[eese]"], "'ease'"),
        (["comparison", "--set", "comparison.modles=[ease]"], "'models'"),
    ],
)
def test_what_a_pipeline_cannot_obey_is_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        plan(*arguments)
