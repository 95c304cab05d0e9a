"""Log a comparison to MLflow, and keep its table and charts as files."""

from typing import Annotated, Any

from zenml import step
from zenml.types import HTMLString

from recommender.comparison.report import Comparison
from recommender.schema import Split
from steps.reporting import progress_of
from steps.result_files import log_result


@step(enable_cache=False)
def log_comparison(
    comparison: Comparison,
    split: Split,
    request: dict[str, Any],
    data_version: str | None,
    run_id: str,
) -> Annotated[HTMLString, "comparison_page"]:
    """Return the comparison as a page.

    Args:
        comparison: What was compared.
        split: The split on which it was.
        request: Which data was asked for.
        data_version: The MD5 by which DVC names the data, or ``None`` for data outside DVC.
        run_id: The MLflow run.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    # Imported now: Matplotlib takes a second, which no other step need wait for.
    from recommender.comparison.page import comparison_files  # noqa: PLC0415

    progress_of("log_comparison")("logging to MLflow", 0, None)
    files = comparison_files(comparison)
    log_result(
        run_id,
        files,
        "comparison",
        split=split,
        parts=("training", "validation", "test"),
        request=request,
        data_version=data_version,
        params=comparison.choices,
        values=comparison.costs,
        reports=[model.report for model in comparison.models],
    )
    return HTMLString(files["comparison.html"])
