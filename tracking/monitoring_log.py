"""Log what a round of monitoring found."""

from __future__ import annotations

from collections.abc import Mapping

from tracking.connection import connect, registry_errors
from tracking.training_log import log_artifacts, log_tags, log_values


def log_monitoring(
    run_id: str,
    *,
    values: Mapping[str, float],
    files: Mapping[str, str],
    tags: Mapping[str, str],
) -> None:
    """Log figures, files and tags to an open run.

    Args:
        run_id: The run.
        values: Figures by key.
        files: Texts by their path in the run.
        tags: Which model was looked at.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    client = connect()
    with registry_errors(f"log to run {run_id}"):
        log_values(client, run_id, values)
        log_tags(client, run_id, tags)
        log_artifacts(client, run_id, files)
