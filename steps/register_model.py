"""Log the run to MLflow and make a version of its model in the registry."""

from typing import Annotated, Any

from zenml import step

from expectations.results import ValidationReport
from recommender.bundle import Bundle
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.schema import Dataset, Split
from recommender.settings import RegistrySettings, parse_settings
from steps.report_files import keep_files, report_files
from steps.reporting import progress_of
from tracking.lineage import code_revision
from tracking.registration import register_training
from tracking.registry import Registry
from tracking.training_log import TrainingRecord


@step(enable_cache=False)
def register_model(
    bundle: Bundle,
    dataset: Dataset,
    split: Split,
    validation: ValidationReport,
    evaluation: ModelEvaluation,
    plots: dict[str, bytes],
    behaviour: BehaviourReport,
    request: dict[str, Any],
    data_version: str | None,
    registry: dict[str, Any],
    run_id: str,
) -> Annotated[str, "version"]:
    """Return the version of the bundle in the registry; the same bundle keeps its version.

    Args:
        bundle: What training wrote.
        dataset: What was ingested.
        split: What it was parted into.
        validation: What the expectations found.
        evaluation: Metrics of the model and its parts.
        plots: PNGs of them, by file name.
        behaviour: How the model behaved.
        request: Which data was asked for.
        data_version: The MD5 by which DVC names the data, or ``None`` for data outside DVC.
        registry: The fields of `recommender.settings.RegistrySettings`.
        run_id: The MLflow run.

    Raises:
        RegistryError: The registry is out of reach.
    """
    progress_of("register_model")("logging to MLflow", 0, None)
    files = report_files(validation, evaluation, plots, behaviour)
    keep_files(files)
    record = TrainingRecord(
        split=split,
        reports=evaluation.compared,
        artifacts=files,
        data_source=request["path"] or dataset.name,
        data_version=data_version,
        revision=code_revision(),
    )
    settings = parse_settings(RegistrySettings, registry, place="registry")
    return register_training(Registry(settings), run_id, bundle, record).version
