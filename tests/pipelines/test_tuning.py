"""Whether and how the best values are written back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import run_pipeline
from pipelines.plan import Plan, make_plan
from pipelines.tuning import write_best
from recommender.errors import UsageError
from recommender.settings import Params, read_settings
from recommender.tuning.report import TrialRecord, TuningReport


@pytest.fixture
def plan(repo: Path, tmp_path: Path) -> Plan:
    """The plan of a tuning whose hyper-parameters are a copy of the project's."""
    file = tmp_path / "params.yaml"
    shutil.copy(repo / "params.yaml", file)
    arguments = ["tuning", "--model", "svd", "--write", "--params", str(file)]
    return make_plan(run_pipeline.build_parser().parse_args(arguments))


def found(*scores: float | None) -> TuningReport:
    """A tuning for RMSE whose trials have these scores; the present one has 50 factors."""
    trials = tuple(
        TrialRecord(
            number=number,
            state="failed" if score is None else "complete",
            values={"n_factors": 50 + number, "n_epochs": 30},
            cut_scores=(),
            score=score,
            seconds=1.0,
        )
        for number, score in enumerate(scores)
    )
    return TuningReport(
        *("svd", "rmse", "tiny", "0" * 64, True, "temporal", 1, 9, 1, "f", 0, trials, {})
    )


@pytest.mark.parametrize("scores", [(0.8, 0.7, 0.9), (None, 0.7)])
def test_better_values_are_written_and_no_others(
    plan: Plan, scores: tuple[float | None, ...]
) -> None:
    before = plan.params_file.read_text(encoding="utf-8")
    assert write_best(plan, found(*scores)) == f"Written to {plan.params_file}."
    after = plan.params_file.read_text(encoding="utf-8")
    assert after == before.replace("  n_factors: 50", "  n_factors: 51")
    assert after != before
    changed = replace(plan.params, model=replace(plan.params.model, n_factors=51))
    assert read_settings(Params, plan.params_file) == changed


@pytest.mark.parametrize("scores", [(0.8,), (0.8, 0.8), (0.8, 0.9), (0.8, None)])
def test_nothing_is_written_that_is_not_better(
    plan: Plan, scores: tuple[float | None, ...]
) -> None:
    before = plan.params_file.read_bytes()
    assert "stays as it is." in write_best(plan, found(*scores))
    assert plan.params_file.read_bytes() == before


def test_nothing_is_written_unasked(plan: Plan) -> None:
    before = plan.params_file.read_bytes()
    said = write_best(replace(plan, write=False), found(0.8, 0.7))
    assert "--write would write them" in said
    assert plan.params_file.read_bytes() == before


def test_a_file_that_was_changed_meanwhile_is_left_alone(plan: Plan) -> None:
    text = plan.params_file.read_text(encoding="utf-8").replace("n_epochs: 30", "n_epochs: 31")
    plan.params_file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="changed while"):
        write_best(plan, found(0.8, 0.7))
    assert plan.params_file.read_text(encoding="utf-8") == text
