"""Gathers what a finished run came to from its artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from zenml.enums import ExecutionStatus
from zenml.models import PipelineRunResponse, StepRunResponse

from expectations.results import ValidationReport
from pipelines.outcome import StepOutcome, TrainingOutcome
from pipelines.results import write_results
from recommender.bundle import Bundle
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.gate import GateDecision
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.schema import CleaningReport

#: The steps of a finished run by name. ZenML asks its store for them at every `run.steps`.
Steps: TypeAlias = Mapping[str, StepRunResponse]


def training_outcome(
    run: PipelineRunResponse, run_id: str, notes: tuple[str, ...]
) -> TrainingOutcome:
    """Return what the run came to, and write its results under ``var/results/``.

    Args:
        run: The finished ZenML run.
        run_id: Its MLflow run.
        notes: What was noticed before it began, in full sentences.
    """
    steps = run.steps
    bundle: Bundle = output(steps, "train_model", "bundle")
    evaluation: ModelEvaluation = output(steps, "evaluate_model", "evaluation")
    behaviour: BehaviourReport = output(steps, "check_behaviour", "behaviour")
    promotion: dict[str, Any] = output(steps, "promote_model", "promotion")
    folder = write_results(bundle.manifest.dataset, evaluation)
    decision = promotion["decision"]
    return TrainingOutcome(
        dataset=bundle.manifest.dataset,
        dataset_digest=bundle.manifest.dataset_digest,
        simulated=bundle.manifest.simulated,
        bundle_digest=bundle.digest,
        version=promotion["version"],
        production=promotion["production"],
        promoted=promotion["outcome"] == "promoted",
        message=promotion["message"],
        behaviour_passed=behaviour.passed,
        reasons=GateDecision.from_dict(decision).reasons if decision else (),
        main_model=evaluation.test.model,
        models=_models(evaluation, promotion),
        notes=(
            *notes,
            *data_notes(steps),
            *evaluation.test.notes,
            *_failures(behaviour),
        ),
        steps=step_outcomes(steps),
        zenml_run=run.name,
        mlflow_run=run_id,
        places=_places(folder, run.name, run_id),
    )


def output(steps: Steps, step: str, name: str) -> Any:
    """Return an artifact of a finished run."""
    return steps[step].outputs[name][0].load()


def data_notes(steps: Steps) -> tuple[str, ...]:
    """Return what cleaning removed and which expectations warn, in full sentences."""
    validation: ValidationReport = output(steps, "validate_data", "validation")
    return (*_removed(validation.cleaning), *_warnings(validation))


def _models(evaluation: ModelEvaluation, promotion: dict[str, Any]) -> dict[str, dict[str, float]]:
    models = {report.model: report.metrics for report in evaluation.compared}
    if promotion["production_metrics"]:
        models["production before"] = promotion["production_metrics"]
    return models


def _removed(cleaning: CleaningReport | None) -> list[str]:
    """Say which rows cleaning removed; nothing is dropped in silence."""
    if cleaning is None:
        return []
    notes = [
        f"Cleaning removed {item.rows:,} rows of {item.file}: {item.reason}."
        for item in cleaning.elsewhere
    ]
    if cleaning.removed:
        reasons = ", ".join(f"{rows:,} {why}" for why, rows in sorted(cleaning.removed.items()))
        kept = f"{cleaning.rows_kept:,} of {cleaning.rows_read:,} rating rows kept"
        notes.insert(0, f"Cleaning removed rows: {reasons}; {kept}.")
    return notes


def _warnings(validation: ValidationReport) -> list[str]:
    return [f"Data warning: {failure.describe()}" for failure in validation.warnings]


def _failures(behaviour: BehaviourReport) -> list[str]:
    return [
        f"Behavioural test failed: {result.name}: {result.detail}" for result in behaviour.failed
    ]


def step_outcomes(steps: Steps) -> tuple[StepOutcome, ...]:
    """Return how each step of a finished run went."""
    outcomes = []
    for name, step in steps.items():
        took = step.end_time - step.start_time if step.end_time and step.start_time else None
        cached = step.status == ExecutionStatus.CACHED
        outcomes.append(StepOutcome(name, cached, took.total_seconds() if took else 0.0))
    return tuple(outcomes)


def _places(folder: Path, run_name: str, run_id: str) -> tuple[tuple[str, str], ...]:
    return (
        ("validation report", str(folder / "reports" / "validation.html")),
        ("behaviour report", str(folder / "reports" / "behaviour.html")),
        ("metrics and plots", str(folder)),
        ("ZenML run", f"{run_name} (make zenml)"),
        ("MLflow run", f"{run_id} (make mlflow)"),
    )
