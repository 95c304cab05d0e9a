"""Log a tuning run to MLflow, and keep its page and charts as files."""

from typing import Annotated, Any

from zenml import step
from zenml.types import HTMLString

from recommender.schema import Split
from recommender.tuning.report import TuningReport
from steps.report_files import keep_files
from steps.reporting import progress_of
from tracking.lineage import code_revision
from tracking.result_log import log_results
from tracking.training_log import TrainingRecord


@step(enable_cache=False)
def log_tuning(
    tuning: TuningReport,
    split: Split,
    request: dict[str, Any],
    data_version: str | None,
    run_id: str,
) -> Annotated[HTMLString, "tuning_page"]:
    """Return the tuning run as a page.

    Args:
        tuning: What was tried.
        split: The split on which it was.
        request: Which data was asked for.
        data_version: The MD5 by which DVC names the data, or ``None`` for data outside DVC.
        run_id: The MLflow run.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    # Imported now: Matplotlib takes a second, which no other step need wait for.
    from recommender.tuning.page import tuning_files  # noqa: PLC0415

    progress_of("log_tuning")("logging to MLflow", 0, None)
    files = tuning_files(tuning)
    keep_files(files)
    record = TrainingRecord(
        split=split,
        reports=(),
        artifacts={f"tuning/{name}": content for name, content in files.items()},
        data_source=request["path"] or tuning.dataset,
        data_version=data_version,
        revision=code_revision(),
    )
    parts = ("training", "validation")
    log_results(run_id, record, params=tuning.choices, values=tuning.scores, parts=parts)
    return HTMLString(files["tuning.html"])
