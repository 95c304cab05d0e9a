"""The latest results of each data set as files under ``var/results/``, for people and for DVC."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import environment
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.evaluation.report import EvaluationReport
from tracking.connection import connect
from tracking.training_log import log_artifacts

#: Metrics that a reader compares first.
_HEADLINES = (
    "rmse",
    "mae",
    "precision_at_10",
    "recall_at_20",
    "ndcg_at_10",
    "map_at_10",
    "hit_rate_at_10",
    "coverage",
    "gini",
    "novelty",
)


def results_folder(dataset: str) -> Path:
    """Return where the latest results of a data set lie."""
    return environment.state_dir() / "results" / dataset


def write_results(dataset: str, evaluation: ModelEvaluation) -> Path:
    """Write the kept reports, the metrics and the tables of the plots; return their folder.

    ``metrics.json`` holds the model's own, ``models.json`` those of its parts beside them, with
    intervals. They are functions of data, code and parameters alone, so that ``dvc repro`` can
    compare them.
    """
    folder = results_folder(dataset)
    take_kept_files(folder)
    files = {
        "metrics.json": _json(headline_metrics(evaluation)),
        "models.json": _json(metrics_by_model(evaluation)),
        "plots/calibration.csv": _table(asdict(row) for row in evaluation.test.calibration),
        "plots/slices.csv": _table(_slice_rows(evaluation)),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def take_kept_files(folder: Path) -> list[Path]:
    """Copy what the steps kept into ``folder`` and return the copies."""
    kept = environment.work_dir() / "kept"
    if not kept.is_dir():
        return []
    shutil.copytree(kept, folder, dirs_exist_ok=True)
    return [folder / file.relative_to(kept) for file in sorted(kept.rglob("*")) if file.is_file()]


def headline_metrics(evaluation: ModelEvaluation) -> dict[str, Any]:
    """Return the metrics of the model on test and validation, as nested values."""
    return {
        part: {key: report.metrics[key] for key in (*_HEADLINES, *_interval_keys(report))}
        for part, report in (("test", evaluation.test), ("validation", evaluation.validation))
    }


def _interval_keys(report: EvaluationReport) -> list[str]:
    return [key for key in report.metrics if key.startswith("interval_")]


def metrics_by_model(evaluation: ModelEvaluation) -> dict[str, Any]:
    """Return the test metrics of the model and its parts, each with its interval if it has one."""
    return {
        report.model: {
            key: {"value": report.metrics[key], "interval": report.intervals.get(key)}
            for key in _HEADLINES
        }
        for report in evaluation.compared
    }


def keep_failed_reports(run_id: str, dataset: str) -> list[Path]:
    """Save what a failed run left in its work folder, in its MLflow run and as files.

    Args:
        run_id: The MLflow run.
        dataset: Name of the data set.

    Returns:
        The files.
    """
    folder = results_folder(dataset) / "failed"
    shutil.rmtree(folder, ignore_errors=True)
    files = take_kept_files(folder)
    if files:
        named = {file.relative_to(folder).as_posix(): file for file in files}
        log_artifacts(connect(), run_id, named)
    return files


def _slice_rows(evaluation: ModelEvaluation) -> Iterable[dict[str, Any]]:
    for row in evaluation.test.slices:
        for key in ("rmse", "ndcg_at_10"):
            if key in row.metrics:
                low, high = row.intervals.get(key, (None, None))
                yield {
                    "slice": f"{row.group}: {row.name}",
                    "metric": key,
                    "value": row.metrics[key],
                    "low": low,
                    "high": high,
                }


def _json(tree: Any) -> str:
    return json.dumps(tree, indent=2) + "\n"


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    listed = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(listed[0]) if listed else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue()
