"""What a run found that trains no model to be served: logged to MLflow, and kept as files."""

from collections.abc import Mapping, Sequence
from typing import Any

from recommender.evaluation.report import EvaluationReport
from recommender.schema import Split
from steps.report_files import keep_files
from tracking.lineage import code_revision
from tracking.result_log import log_results
from tracking.training_log import TrainingRecord


def log_result(
    run_id: str,
    files: Mapping[str, str | bytes],
    folder: str,
    *,
    split: Split,
    parts: Sequence[str],
    request: Mapping[str, Any],
    data_version: str | None,
    params: Mapping[str, str],
    values: Mapping[str, float],
    reports: Sequence[EvaluationReport] = (),
) -> None:
    """Log a comparison or a tuning, and keep its files for whoever started the run.

    Args:
        run_id: The MLflow run.
        files: Pages, charts and tables by name.
        folder: Where they stand among the artifacts of the run.
        split: The split on which it was found.
        parts: The parts of the split that were looked at.
        request: Which data was asked for.
        data_version: The MD5 by which DVC names the data, or ``None`` for data outside DVC.
        params: What was asked for and what was chosen, flattened.
        values: Metrics besides those of the reports.
        reports: Metrics of each model.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    keep_files(files)
    record = TrainingRecord(
        split=split,
        reports=reports,
        artifacts={f"{folder}/{name}": content for name, content in files.items()},
        data_source=request["path"] or split.train.name,
        data_version=data_version,
        revision=code_revision(),
    )
    log_results(run_id, record, params=params, values=values, parts=parts)
