"""The training pipeline: from data to a registered model that is promoted if it deserves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from zenml import pipeline
from zenml.client import Client
from zenml.enums import ExecutionMode
from zenml.exceptions import RunInterruptedException

import environment
from pipelines.alerts import alert_file, record_alert
from pipelines.interrupted import close_interrupted, work_folder
from pipelines.outcome import TrainingOutcome
from pipelines.plan import Plan
from pipelines.results import keep_failed_reports
from pipelines.summary import training_outcome
from recommender.data.ingest import content_version, is_versioned
from recommender.errors import RouletteError
from steps.check_behaviour import check_behaviour
from steps.evaluate_model import evaluate_model
from steps.ingest_data import data_home, ingest_data
from steps.promote_model import promote_model
from steps.register_model import register_model
from steps.split_data import split_data
from steps.train_model import train_model
from steps.validate_data import validate_data
from tracking.lineage import code_digest
from tracking.registry import Registry
from tracking.runs import Run, close_interrupted_runs, open_run


@pipeline(name="training", on_failure=record_alert, execution_mode=ExecutionMode.FAIL_FAST)
def training(
    request: dict[str, Any],
    content: str,
    data_version: str | None,
    sources: str,
    params: dict[str, Any],
    evaluation: dict[str, Any],
    behaviour: dict[str, Any],
    gate: dict[str, Any],
    registry: dict[str, Any],
    run_id: str,
) -> None:
    """Ingest, validate, split, train, evaluate, test, register and promote.

    Args:
        request: Which data.
        content: What changes with the data's content.
        data_version: The MD5 by which DVC names the data, or ``None`` for data outside DVC.
        sources: Digest of the library's code.
        params: Hyper-parameters and the seed.
        evaluation: How much is measured.
        behaviour: What the behavioural tests try and tolerate.
        gate: What promotion asks for.
        registry: Where results go.
        run_id: The MLflow run of this pipeline run.
    """
    seed = params["seed"]
    dataset = ingest_data(request, content, sources)
    validation = validate_data(dataset)
    split = split_data(dataset, params["split"], seed, after=["validate_data"])
    bundle = train_model(split, dataset, params)
    measured = evaluate_model(bundle, split, evaluation, seed)
    behaved, _ = check_behaviour(bundle, split, behaviour, seed, after=["evaluate_model"])
    version = register_model(
        bundle,
        dataset,
        split,
        validation,
        measured,
        behaved,
        request,
        data_version,
        registry,
        run_id,
    )
    promote_model(version, bundle, split, validation, measured, behaved, gate, registry, run_id)


def train(plan: Plan) -> TrainingOutcome:
    """Run the training pipeline and return what it came to.

    Args:
        plan: Settings, hyper-parameters and data.

    Raises:
        RouletteError: A step failed, with the step's own error; it stands in the alerts too.
    """
    recovered = _recover(plan)
    content = content_version(plan.data_request, data_home())
    name = f"training-{datetime.now(UTC):%Y-%m-%d-%H-%M-%S-%f}"
    tags = {"mlflow.runName": name, "roulette.zenml_run": name, "roulette.content_version": content}
    about = f"Training on {plan.config.dataset}; ZenML run {name}."
    with (
        work_folder(environment.work_dir(), name),
        open_run(plan.config.registry, tags=tags, description=about) as run,
        _own_errors(run, plan.config.dataset),
    ):
        arranged = training.with_options(
            run_name=name, enable_cache=None if plan.config.enable_cache else False
        )
        finished = arranged(**_arguments(plan, content, run.run_id))
        return training_outcome(Client().get_pipeline_run(finished.id), run.run_id, recovered)


def _recover(plan: Plan) -> tuple[str, ...]:
    """Finish or undo what killed runs left, and say what that was."""
    zenml_runs = close_interrupted(environment.apply())
    mlflow_runs = close_interrupted_runs(plan.config.registry)
    recovery = Registry(plan.config.registry).recover()
    notes = [f"The interrupted run {name} was closed." for name in zenml_runs]
    notes += [f"The interrupted MLflow run {run_id} was closed." for run_id in mlflow_runs]
    notes += [f"The half-registered version {number} was deleted." for number in recovery.deleted]
    if recovery.completed is not None:
        change = recovery.completed
        notes.append(f"The interrupted {change.kind} of version {change.production} was completed.")
    return tuple(notes)


def _arguments(plan: Plan, content: str, run_id: str) -> dict[str, Any]:
    evaluation = asdict(plan.config.evaluation)
    return {
        "request": asdict(plan.data_request),
        "content": content,
        "data_version": content if is_versioned(plan.data_request) else None,
        "sources": code_digest(),
        "params": asdict(plan.params),
        "evaluation": {**evaluation, "k_values": list(evaluation["k_values"])},
        "behaviour": asdict(plan.config.behaviour),
        "gate": asdict(plan.config.gate),
        "registry": asdict(plan.config.registry),
        "run_id": run_id,
    }


@contextmanager
def _own_errors(run: Run, dataset: str) -> Iterator[None]:
    """Save what a failed step left, and name the remedy where its error has none of its own."""
    try:
        yield
    except RunInterruptedException as error:
        # What ZenML makes of Ctrl-C while a step runs.
        raise KeyboardInterrupt from error
    except RouletteError as error:
        _note_reports(error, run, dataset)
        raise
    except Exception as error:
        remedy = f"The alert stands in {alert_file()}; --verbose shows the traceback."
        failed = RouletteError(f"{type(error).__name__}: {error}", remedy=remedy)
        _note_reports(failed, run, dataset)
        raise failed from error


def _note_reports(error: RouletteError, run: Run, dataset: str) -> None:
    for file in keep_failed_reports(run.run_id, dataset):
        error.add_note(f"The report is {file}")
