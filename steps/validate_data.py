"""Hold the data against the expectations before anything is trained on it."""

from typing import Annotated

from zenml import save_artifact, step
from zenml.types import HTMLString

from expectations.report import render_report
from expectations.results import ValidationReport
from recommender.schema import Dataset
from steps.materializers import ReportMaterializer
from steps.report_files import keep_files
from steps.reporting import progress_of


@step(output_materializers={"validation": ReportMaterializer})
def validate_data(dataset: Dataset) -> Annotated[ValidationReport, "validation"]:
    """Return what the suites in ``expectations/`` found; the page is stored even if it is bad.

    Args:
        dataset: What was ingested.

    Raises:
        DataError: A critical expectation failed; the message names it, with example rows.
    """
    # Imported now: Great Expectations takes seconds, which a cached step need not wait for.
    from expectations.validation import validate  # noqa: PLC0415

    progress_of("validate_data")("expectations", 0, None)
    report = validate(dataset)
    page = render_report(report)
    save_artifact(HTMLString(page), name="validation_page")
    keep_files({"reports/validation.html": page})
    report.require()
    return report
