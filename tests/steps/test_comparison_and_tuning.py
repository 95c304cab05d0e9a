"""The adapters of the two searching pipelines, called without ZenML around them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import environment
from recommender.comparison.report import Comparison
from recommender.schema import Split
from recommender.settings import Params
from recommender.tuning.report import TrialRecord, TuningReport
from steps import log_comparison, log_tuning, result_files, tune_model
from steps.compare_models import compare_models
from steps.materializers import ComparisonMaterializer, TuningMaterializer

EVALUATION = {"k_values": [10], "bootstrap_samples": 20}


@pytest.fixture(scope="module")
def comparison(tiny_split: Split, tiny_params: Params) -> Comparison:
    settings = {"models": ["bias", "ease"], "trials": 1, "reference": "ease"}
    return compare_models.entrypoint(tiny_split, asdict(tiny_params), settings, EVALUATION)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the steps log and with what, in place of MLflow; files are kept below ``tmp_path``."""
    calls: dict[str, Any] = {"trials": []}

    def log(run_id: str, record: Any, **arguments: Any) -> None:
        calls.update(arguments, run_id=run_id, record=record)

    monkeypatch.setattr(result_files, "log_results", log)
    monkeypatch.setattr(tune_model, "trial_logger", lambda _: calls["trials"].append)
    monkeypatch.setattr(environment, "state_dir", lambda: tmp_path)
    return calls


def kept() -> set[str]:
    folder = environment.work_dir() / "kept"
    return {file.name for file in folder.iterdir()}


def test_a_comparison_is_made_logged_and_kept(
    comparison: Comparison, tiny_split: Split, logged: dict[str, Any]
) -> None:
    assert [model.name for model in comparison.models] == ["bias", "ease"]
    page = log_comparison.log_comparison.entrypoint(
        comparison, tiny_split, {"path": "/data"}, "md5", "run"
    )
    assert "Models compared on tiny" in page
    assert {"comparison.html", "comparison.md", "accuracy_against_time.png"} <= kept()
    assert logged["run_id"] == "run"
    assert logged["record"].data_source == "/data"
    assert logged["record"].data_version == "md5"
    assert "comparison/comparison.html" in logged["record"].artifacts
    assert logged["values"]["bias/fit_seconds"] == comparison.models[0].fit_seconds
    assert "bias/rmse_difference" in logged["values"]
    assert logged["params"]["comparison.trials"] == "1"


def test_a_model_is_tuned_logged_and_kept(
    tiny_split: Split, tiny_params: Params, logged: dict[str, Any], tmp_path: Path
) -> None:
    settings = {"model": "bias", "objective": None, "trials": 2, "cuts": 2, "prune_after": 4}
    report = tune_model.tune_model.entrypoint(
        tiny_split, asdict(tiny_params), settings, EVALUATION, "code", "run"
    )
    assert [record.number for record in logged["trials"]] == [0, 1]
    assert Path(report.study).parent == tmp_path / "tuning" / "tiny"
    page = log_tuning.log_tuning.entrypoint(report, tiny_split, {"path": None}, None, "run")
    assert "Tuning of bias for rmse" in page
    assert {"tuning.html", "tuning.json", "history.png", "slices.png"} == kept()
    assert logged["parts"] == ("training", "validation")
    assert logged["params"]["tuning.model"] == "bias"
    assert logged["values"]["best/rmse"] == report.best.score


def test_both_reports_survive_storage_with_what_the_dashboard_shows(
    comparison: Comparison, zenml_store: Path, request: pytest.FixtureRequest
) -> None:
    folder = zenml_store / "tests" / request.node.name
    for name in ("comparison", "tuning"):
        (folder / name).mkdir(parents=True)
    compared = ComparisonMaterializer(str(folder / "comparison"))
    compared.save(comparison)
    assert compared.load(Comparison).to_dict() == comparison.to_dict()
    metadata = compared.extract_metadata(comparison)
    assert metadata["ease"]["rmse"] == comparison.models[1].report.metrics["rmse"]
    trial = TrialRecord(0, "complete", {"n_factors": 5}, (0.5,), 0.5, 1.0)
    report = TuningReport(
        *("svd", "rmse", "tiny", "0" * 64, True, "temporal", 1, 9, 1, "f", 0, (trial,), {})
    )
    tuned = TuningMaterializer(str(folder / "tuning"))
    tuned.save(report)
    assert tuned.load(TuningReport) == report
    assert tuned.extract_metadata(report)["best"] == {"n_factors": 5.0}
