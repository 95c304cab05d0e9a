"""The training pipeline: from data to a registered model that is promoted if it deserves it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from zenml import pipeline
from zenml.enums import ExecutionMode

from pipelines.alerts import record_alert
from pipelines.outcome import TrainingOutcome
from pipelines.plan import Plan, config_of
from pipelines.preparation import prepare
from pipelines.summary import training_outcome
from pipelines.tracked import tracked_run
from recommender.settings import TrainingConfig
from steps.check_behaviour import check_behaviour
from steps.evaluate_model import evaluate_model
from steps.promote_model import promote_model
from steps.register_model import register_model
from steps.train_model import train_model
from tracking.registry import Registry
from tracking.warm_start import StartingVersion


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
    warm_start: dict[str, str] | None,
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
        warm_start: The registered version from which the SVD starts, or ``None``.
        run_id: The MLflow run of this pipeline run.
    """
    seed = params["seed"]
    dataset, validation, split = prepare(request, content, sources, params)
    bundle = train_model(split, dataset, params, warm_start)
    measured, plots = evaluate_model(bundle, split, evaluation, seed)
    behaved, _ = check_behaviour(bundle, split, behaviour, seed, after=["evaluate_model"])
    version = register_model(
        bundle,
        dataset,
        split,
        validation,
        measured,
        plots,
        behaved,
        request,
        data_version,
        registry,
        run_id,
    )
    promote_model(
        version, bundle, split, validation, measured, behaved, request, gate, registry, run_id
    )


def train(plan: Plan) -> TrainingOutcome:
    """Run the training pipeline and return what it came to.

    Args:
        plan: Settings, hyper-parameters and data.

    Raises:
        RouletteError: A step failed, with the step's own error; it stands in the alerts too.
    """
    config = config_of(plan, TrainingConfig)
    with tracked_run(plan, about="Training") as tracked:
        start, notes = _start_of(config)
        finished = tracked.run(
            training,
            behaviour=asdict(config.behaviour),
            gate=asdict(config.gate),
            registry=asdict(config.registry),
            warm_start=start and asdict(start),
        )
        return training_outcome(finished, tracked.run_id, (*tracked.notes, *notes))


def _start_of(config: TrainingConfig) -> tuple[StartingVersion | None, tuple[str, ...]]:
    """Return the version from which the training starts, and what to tell of it."""
    if not config.warm_start:
        return None, ()
    start = StartingVersion.of_production(Registry(config.registry))
    if start is None:
        return None, ("There is no production model yet: the SVD started from random factors.",)
    return start, (f"The SVD started from the factors of version {start.version}.",)
