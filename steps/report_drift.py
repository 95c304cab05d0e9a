"""Show what was found as a page, and log it to MLflow."""

from typing import Annotated, Any

from zenml import step
from zenml.types import HTMLString

from monitoring.report import DriftReport
from monitoring.settings import DecisionSettings
from recommender.settings import parse_settings
from steps.report_files import keep_files
from steps.reporting import progress_of
from tracking.monitoring_log import log_monitoring


@step(enable_cache=False)
def report_drift(
    drift: dict[str, Any], decision: dict[str, Any], run_id: str
) -> Annotated[HTMLString, "drift_page"]:
    """Return the report as a page; it is an artifact of the MLflow run too, also as JSON.

    Args:
        drift: What `compute_drift` found.
        decision: The fields of `monitoring.settings.DecisionSettings`.
        run_id: The MLflow run.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    # Imported now: Matplotlib takes a second, which no other step need wait for.
    from monitoring.page import drift_files, headline_values  # noqa: PLC0415

    progress_of("report_drift")("logging to MLflow", 0, None)
    report = DriftReport.from_dict(drift)
    files = drift_files(report, parse_settings(DecisionSettings, decision, place="decision"))
    keep_files(files)
    tags = {"roulette.model_version": report.version, "roulette.bundle_digest": report.model}
    log_monitoring(run_id, values=headline_values(report), files=files, tags=tags)
    return HTMLString(files["drift/drift.html"])
