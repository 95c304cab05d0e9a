"""Measure the trained model, and each of its parts, on ratings it has not seen."""

from typing import Annotated, Any

from zenml import step

from recommender.bundle import Bundle
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.evaluation.model_evaluation import evaluate_model as evaluate
from recommender.inference import Recommender
from recommender.schema import Split
from recommender.settings import EvaluationSettings, parse_settings
from steps.materializers import ReportMaterializer
from steps.reporting import counted, progress_of


@step(output_materializers={"evaluation": ReportMaterializer})
def evaluate_model(
    bundle: Bundle, split: Split, settings: dict[str, Any], seed: int
) -> Annotated[ModelEvaluation, "evaluation"]:
    """Return the metrics of the bundle's model on test and validation, and those of its parts.

    Args:
        bundle: What training wrote; the model is read from it as a server reads it.
        split: The split on whose training part it was fitted.
        settings: The fields of `recommender.settings.EvaluationSettings`.
        seed: Seed of samples and resamples.

    Raises:
        DataError: A part of the split holds nothing to measure on.
    """
    return evaluate(
        Recommender.from_bundle(bundle),
        split,
        parse_settings(EvaluationSettings, settings, place="evaluation"),
        seed,
        counted(progress_of("evaluate_model"), "models measured"),
    )
