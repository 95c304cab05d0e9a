from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recommender.schema import Split
from recommender.settings import RegistrySettings
from tracking.connection import connect
from tracking.result_log import log_results
from tracking.runs import open_run
from tracking.training_log import LEFT_OUT_TAG, TrainingRecord


@dataclass(frozen=True)
class Report:
    model: str
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]


def test_what_was_found_is_logged_without_a_model(
    local: Path, settings: RegistrySettings, tiny_split: Split
) -> None:
    reports = (Report("svd", {"rmse": 0.8}, {"rmse": (0.7, 0.9)}),)
    record = TrainingRecord(tiny_split, reports, {"tuning/tuning.html": "<p>page</p>"})
    with open_run(settings, tags={}, description="") as run:
        log_results(
            run.run_id,
            record,
            params={"tuning.model": "svd"},
            values={"svd/fit_seconds": 1.5, "svd/peak_mb": float("nan")},
            parts=("training", "validation"),
        )
    client = connect()
    found = client.get_run(run.run_id)
    assert found.data.params == {"tuning.model": "svd"}
    assert found.data.metrics == {
        "svd/rmse": 0.8,
        "svd/rmse_low": 0.7,
        "svd/rmse_high": 0.9,
        "svd/fit_seconds": 1.5,
    }
    assert found.data.tags[LEFT_OUT_TAG] == "svd/peak_mb"
    assert found.data.tags["roulette.dataset_digest"] == tiny_split.train.digest
    assert len(found.data.tags["roulette.code_digest"]) == 64
    names = {item.dataset.name for item in found.inputs.dataset_inputs}
    assert names == {"tiny/training", "tiny/validation"}
    listed = {item.path for item in client.list_artifacts(run.run_id, "tuning")}
    assert listed == {"tuning/tuning.html"}
