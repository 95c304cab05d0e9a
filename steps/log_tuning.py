"""Log a tuning run to MLflow, and keep its page and charts as files."""

from typing import Annotated, Any

from zenml import step
from zenml.types import HTMLString

from recommender.schema import Split
from recommender.tuning.report import TuningReport
from steps.reporting import progress_of
from steps.result_files import log_result


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
    log_result(
        run_id,
        files,
        "tuning",
        split=split,
        parts=("training", "validation"),
        request=request,
        data_version=data_version,
        params=tuning.choices,
        values=tuning.scores,
    )
    return HTMLString(files["tuning.html"])
