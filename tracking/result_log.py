"""Log what a run found that trains no model to be served: a comparison, or a tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tracking.connection import connect, registry_errors
from tracking.lineage import code_digest
from tracking.training_log import (
    TrainingRecord,
    data_inputs,
    environment_files,
    log_artifacts,
    log_metrics,
    log_params,
    log_tags,
    log_values,
    source_tags,
)


def log_results(
    run_id: str,
    record: TrainingRecord,
    *,
    params: Mapping[str, str],
    values: Mapping[str, float],
    parts: Sequence[str],
) -> None:
    """Log parameters, metrics, data, code, environment and files of a run without a bundle.

    Args:
        run_id: An open run.
        record: The data, the reports and the files.
        params: What was asked for and what was chosen, flattened.
        values: Metrics besides those of the reports.
        parts: The parts of the split that were looked at.

    Raises:
        RegistryError: MLflow is out of reach, or an artifact's file is missing.
    """
    client = connect()
    with registry_errors(f"log to run {run_id}"):
        log_params(client, run_id, params)
        log_metrics(client, run_id, record.reports)
        log_values(client, run_id, values)
        client.log_inputs(run_id, datasets=data_inputs(record, parts))
        log_tags(client, run_id, source_tags(record, code_digest()))
        log_artifacts(client, run_id, {**record.artifacts, **environment_files()})
