"""The comparison pipeline: all models on one split, with an equal budget of trials."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from zenml import pipeline
from zenml.enums import ExecutionMode
from zenml.models import PipelineRunResponse

from pipelines.alerts import record_alert
from pipelines.outcome import ReportedOutcome, ShownTable
from pipelines.plan import Plan, config_of
from pipelines.preparation import prepare
from pipelines.results import results_folder, take_kept_files
from pipelines.summary import data_notes, output, step_outcomes
from pipelines.tracked import TrackedRun, tracked_run
from recommender.comparison import table
from recommender.comparison.report import Comparison
from recommender.settings import ComparisonConfig
from steps.compare_models import compare_models
from steps.log_comparison import log_comparison


@pipeline(name="comparison", on_failure=record_alert, execution_mode=ExecutionMode.FAIL_FAST)
def comparison(
    request: dict[str, Any],
    content: str,
    data_version: str | None,
    sources: str,
    params: dict[str, Any],
    evaluation: dict[str, Any],
    settings: dict[str, Any],
    run_id: str,
) -> None:
    """Ingest, validate, split, compare and log.

    Args:
        request: Which data.
        content: What changes with the data's content.
        data_version: The MD5 by which DVC names the data, or ``None`` for data outside DVC.
        sources: Digest of the library's code.
        params: Hyper-parameters and the seed.
        evaluation: How much is measured.
        settings: What is compared.
        run_id: The MLflow run of this pipeline run.
    """
    _, _, split = prepare(request, content, sources, params)
    compared = compare_models(split, params, settings, evaluation)
    log_comparison(compared, split, request, data_version, run_id)


def compare(plan: Plan) -> ReportedOutcome:
    """Run the comparison pipeline and return what it came to.

    Args:
        plan: Settings, hyper-parameters and data.

    Raises:
        RouletteError: A step failed, with the step's own error; it stands in the alerts too.
    """
    settings = asdict(config_of(plan, ComparisonConfig).comparison)
    settings["models"] = list(settings["models"])
    with tracked_run(plan, about="Comparison of models") as tracked:
        finished = tracked.run(comparison, settings=settings)
        return _outcome(finished, tracked)


def _outcome(run: PipelineRunResponse, tracked: TrackedRun) -> ReportedOutcome:
    ran = run.steps
    found: Comparison = output(ran, "compare_models", "comparison")
    folder = results_folder(found.dataset) / "comparison"
    take_kept_files(folder)
    names = [model.name for model in found.models]
    marked = names.index(found.reference) if found.reference in names else None
    return ReportedOutcome(
        title=f"models compared on {found.dataset}" + (" (simulated)" if found.simulated else ""),
        dataset=found.dataset,
        dataset_digest=found.dataset_digest,
        simulated=found.simulated,
        result=found.headlines,
        tables=(
            ShownTable(table.short_headings(), table.short_rows(found), marked),
            ShownTable(table.chosen_headings(), table.chosen_rows(found), marked),
        ),
        message=found.verdict,
        protocol=found.protocol,
        notes=(*tracked.notes, *data_notes(ran), *found.notes),
        steps=step_outcomes(ran),
        zenml_run=run.name,
        mlflow_run=tracked.run_id,
        places=(
            ("table and charts", str(folder / "comparison.html")),
            ("as Markdown and JSON", str(folder)),
            ("ZenML run", f"{run.name} (make zenml)"),
            ("MLflow run", f"{tracked.run_id} (make mlflow)"),
        ),
    )
