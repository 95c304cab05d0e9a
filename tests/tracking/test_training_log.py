from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recommender.errors import RegistryError
from recommender.schema import RATING_DTYPES, Dataset, Split
from tracking.lineage import CodeRevision
from tracking.runs import open_run
from tracking.training_log import (
    LEFT_OUT_TAG,
    TrainingRecord,
    environment_files,
    log_artifacts,
    log_metrics,
    log_training,
)

DIGEST = "0123456789abcdef" * 4


@dataclass
class Report:
    model: str
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)


REPORTS = [
    Report("hybrid", {"rmse": 0.85, "coverage": 0.4}, {"rmse": (0.8, 0.9)}),
    Report("svd", {"rmse": 0.87}),
]


@pytest.fixture
def split() -> Split:
    rows = {"user_id": [1, 2], "movie_id": [1, 2], "rating": [1.0, 2.0], "timestamp": [1, 2]}
    ratings = pd.DataFrame(rows).astype(RATING_DTYPES)
    movies = pd.DataFrame({"movie_id": [1, 2], "title": ["A", "B"]})
    train = Dataset("tiny", DIGEST, ratings, movies, simulated=True)
    return Split(train, ratings[:1], ratings[:1], "random", seed=1)


@pytest.fixture
def logged(desk: Any, split: Split) -> tuple[Any, Any]:
    """MLflow's view of a run and of its model, after everything was logged."""
    report = desk.folder / "report.html"
    report.write_text("<p>fine</p>")
    (desk.folder / "plots").mkdir()
    (desk.folder / "plots" / "errors.png").write_bytes(b"png")
    record = TrainingRecord(
        split=split,
        reports=REPORTS,
        artifacts={
            "validation/report.html": report,
            "evaluation/report.json": "{}",
            "evaluation/calibration.png": b"picture",
            "plots": desk.folder / "plots",
        },
        data_source="data.dvc",
        data_version="m" * 32,
        revision=CodeRevision("abc", dirty=True),
    )
    with open_run(desk.settings, tags={}, description="") as run:
        model = log_training(run.run_id, desk.bundle(1), record)
    return desk.client.get_run(run.run_id), desk.client.get_logged_model(model.model_id)


@pytest.fixture
def logged_files(logged: tuple[Any, Any], desk: Any, tmp_path: Path) -> Path:
    (tmp_path / "down").mkdir()
    run_id = logged[0].info.run_id
    return Path(desk.client.download_artifacts(run_id, "", str(tmp_path / "down")))


def test_a_run_holds_all_that_went_in_and_came_out(
    logged: tuple[Any, Any], logged_files: Path, desk: Any
) -> None:
    run, model = logged
    assert run.data.params == {
        "model.n_factors": "2",
        "seed": "1",
        "dataset": "tiny",
        "split_method": "random",
    }
    metrics = {"rmse": 0.85, "coverage": 0.4, "rmse_low": 0.8, "rmse_high": 0.9, "svd/rmse": 0.87}
    assert run.data.metrics == metrics
    assert model.params == run.data.params
    assert {metric.key: metric.value for metric in model.metrics} == metrics
    assert str(model.status) == "READY"
    assert model.source_run_id == run.info.run_id

    tags = run.data.tags
    assert tags["roulette.dataset_digest"] == DIGEST
    assert tags["roulette.dvc_md5"] == "m" * 32
    assert tags["mlflow.source.git.commit"] == tags["roulette.code_revision"] == "abc"
    assert tags["roulette.code_dirty"] == "true"
    assert tags["roulette.bundle_digest"] == desk.bundle(1).digest

    inputs = {item.dataset.name: item for item in run.inputs.dataset_inputs}
    assert set(inputs) == {"tiny/training", "tiny/test"}
    training = inputs["tiny/training"]
    assert {tag.key: tag.value for tag in training.tags} == {
        "mlflow.data.context": "training",
        "digest_sha256": DIGEST,
        "simulated": "true",
        "dvc_md5": "m" * 32,
    }
    assert training.dataset.digest == DIGEST[:36]
    assert json.loads(training.dataset.profile)["num_rows"] == 2
    columns = json.loads(training.dataset.schema)["mlflow_colspec"]
    assert [(column["name"], column["type"]) for column in columns] == [
        ("user_id", "integer"),
        ("movie_id", "integer"),
        ("rating", "float"),
        ("timestamp", "long"),
    ]

    assert (logged_files / "validation" / "report.html").read_text() == "<p>fine</p>"
    assert (logged_files / "evaluation" / "calibration.png").read_bytes() == b"picture"
    assert (logged_files / "plots" / "errors.png").read_bytes() == b"png"
    assert (logged_files / "evaluation" / "report.json").read_text() == "{}"
    assert "mlflow==" in (logged_files / "environment" / "requirements.txt").read_text()
    manifest = json.loads((logged_files / "bundle" / "manifest.json").read_text())
    assert manifest["seed"] == 1


def test_without_version_control_the_run_says_so(shared_desk: Any, split: Split) -> None:
    with open_run(shared_desk.settings, tags={}, description="") as run:
        log_training(run.run_id, shared_desk.bundle(1), TrainingRecord(split, REPORTS))
    tags = shared_desk.client.get_run(run.run_id).data.tags
    assert tags["roulette.code_revision"] == "unknown"
    assert "roulette.dvc_md5" not in tags


def test_a_metric_that_is_not_finite_is_named_and_not_logged(shared_desk: Any) -> None:
    report = Report("svd", {"rmse": math.nan, "mae": 1.0}, {"mae": (0.5, math.inf)})
    with open_run(shared_desk.settings, tags={}, description="") as run:
        log_metrics(shared_desk.client, run.run_id, [report])
    found = shared_desk.client.get_run(run.run_id).data
    assert found.metrics == {"svd/mae": 1.0, "svd/mae_low": 0.5}
    assert found.tags[LEFT_OUT_TAG] == "svd/mae_high, svd/rmse"


def test_any_number_of_metrics_is_logged(shared_desk: Any) -> None:
    report = Report("hybrid", {f"metric_{number}": float(number) for number in range(250)})
    with open_run(shared_desk.settings, tags={}, description="") as run:
        log_metrics(shared_desk.client, run.run_id, [report])
    assert shared_desk.client.get_run(run.run_id).data.metrics == report.metrics


def test_an_artifact_that_does_not_exist_is_named_and_nothing_is_logged(shared_desk: Any) -> None:
    with open_run(shared_desk.settings, tags={}, description="") as run:
        artifacts: dict[str, Path | str | bytes] = {
            "a.txt": "fine",
            "b.txt": Path("/nowhere/b.txt"),
        }
        with pytest.raises(RegistryError, match="/nowhere/b"):
            log_artifacts(shared_desk.client, run.run_id, artifacts)
    assert shared_desk.client.list_artifacts(run.run_id) == []


def test_the_environment_is_sorted_and_pinned() -> None:
    lines = environment_files()["environment/requirements.txt"].splitlines()
    assert lines == sorted(lines)
    assert all("==" in line for line in lines)
