from __future__ import annotations

from pathlib import Path

import pytest

import run_pipeline
from pipelines.plan import Plan, make_plan
from recommender.errors import UsageError


def plan(*arguments: str) -> Plan:
    return make_plan(run_pipeline.build_parser().parse_args(arguments))


def test_the_command_line_wins_over_the_file() -> None:
    made = plan("--dataset", "ml-100k", "--no-cache", "--set", "gate.rmse_margin=0.5")
    assert made.config.dataset == "ml-100k"
    assert not made.config.enable_cache
    assert made.config.gate.rmse_margin == 0.5


def test_hyper_parameters_and_run_settings_are_told_apart() -> None:
    made = plan("--set", "model.n_factors=7", "--set", "seed=3", "--set", "dataset=mine")
    assert (made.params.model.n_factors, made.params.seed, made.config.dataset) == (7, 3, "mine")


def test_data_paths_are_absolute_so_that_steps_find_them(tmp_path: Path) -> None:
    request = plan("--data-path", "some/folder").data_request
    assert request.path is not None
    assert Path(request.path).is_absolute()


@pytest.mark.parametrize("text", ["model.n_factors", "=5", "model.n_factors=[", "model.n_factrs=5"])
def test_overrides_that_cannot_be_obeyed_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--set|n_factors"):
        plan("--set", text)


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
