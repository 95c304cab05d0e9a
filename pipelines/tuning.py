"""The tuning pipeline: trials on the validation ratings, and the best values into params.yaml."""

from __future__ import annotations

from dataclasses import asdict, replace
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
from recommender.errors import UsageError
from recommender.params_file import write_values
from recommender.settings import Params, TuningConfig, read_settings
from recommender.tuning.report import TuningReport
from steps.log_tuning import log_tuning
from steps.tune_model import tune_model


@pipeline(name="tuning", on_failure=record_alert, execution_mode=ExecutionMode.FAIL_FAST)
def tuning(
    request: dict[str, Any],
    content: str,
    data_version: str | None,
    sources: str,
    params: dict[str, Any],
    evaluation: dict[str, Any],
    settings: dict[str, Any],
    run_id: str,
) -> None:
    """Ingest, validate, split, tune and log.

    Args:
        request: Which data.
        content: What changes with the data's content.
        data_version: The MD5 by which DVC names the data, or ``None`` for data outside DVC.
        sources: Digest of the library's code.
        params: Hyper-parameters and the seed.
        evaluation: The relevance threshold and the most users to rank.
        settings: What is tuned, for what and for how long.
        run_id: The MLflow run of this pipeline run.
    """
    _, _, split = prepare(request, content, sources, params)
    tuned = tune_model(split, params, settings, evaluation, sources, run_id)
    log_tuning(tuned, split, request, data_version, run_id)


def tune(plan: Plan) -> ReportedOutcome:
    """Run the tuning pipeline, write the best values if the plan says so, and return the outcome.

    Args:
        plan: Settings, hyper-parameters and data.

    Raises:
        RouletteError: A step failed, with the step's own error; it stands in the alerts too.
        UsageError: The values cannot be written.
    """
    settings = asdict(config_of(plan, TuningConfig).tuning)
    with tracked_run(plan, about=f"Tuning of {settings['model']}") as tracked:
        finished = tracked.run(tuning, settings=settings)
        found: TuningReport = output(finished.steps, "tune_model", "tuning")
        outcome = _outcome(finished, tracked, found)
        return replace(outcome, message=f"{outcome.message} {write_best(plan, found)}")


def write_best(plan: Plan, found: TuningReport) -> str:
    """Write the best values into the file of the plan if that is asked for and they are better.

    Returns:
        What was done, as a sentence.

    Raises:
        UsageError: The file was changed meanwhile, or cannot be written.
    """
    if not found.improved:
        return f"{plan.params_file.name} stays as it is."
    if not plan.write:
        return f"{plan.params_file.name} stays as it is; --write would write them."
    if read_settings(Params, plan.params_file) != plan.params:
        raise UsageError(
            "changed while its values were being tuned; nothing is written",
            place=str(plan.params_file),
            remedy="Run the same command once more.",
        )
    write_values(plan.params_file, {f"model.{key}": item for key, item in found.changes.items()})
    return f"Written to {plan.params_file}."


def _outcome(run: PipelineRunResponse, tracked: TrackedRun, found: TuningReport) -> ReportedOutcome:
    ran = run.steps
    folder = results_folder(found.dataset) / "tuning" / f"{found.model}-{found.objective}"
    take_kept_files(folder)
    simulated = " (simulated)" if found.simulated else ""
    return ReportedOutcome(
        title=f"{found.model} tuned for {found.objective} on {found.dataset}{simulated}",
        dataset=found.dataset,
        dataset_digest=found.dataset_digest,
        simulated=found.simulated,
        result=found.headlines,
        tables=(ShownTable(found.headings, found.rows, found.best.number),),
        message=found.verdict,
        protocol=found.protocol,
        notes=(*tracked.notes, *data_notes(ran), *found.notes),
        steps=step_outcomes(ran),
        zenml_run=run.name,
        mlflow_run=tracked.run_id,
        places=(
            ("trials and charts", str(folder / "tuning.html")),
            ("study", found.study),
            ("ZenML run", f"{run.name} (make zenml)"),
            ("MLflow run", f"{tracked.run_id} (make mlflow)"),
        ),
    )
