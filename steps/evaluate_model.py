"""Measure the trained model, and each of its parts, on ratings it has not seen."""

from typing import Annotated, Any

from zenml import step

from recommender.bundle import Bundle
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.evaluation.model_evaluation import evaluate_model as evaluate
from recommender.inference import Recommender
from recommender.schema import Split
from recommender.settings import EvaluationSettings, parse_settings
from steps.materializers import PlotsMaterializer, ReportMaterializer
from steps.reporting import counted, progress_of


@step(output_materializers={"evaluation": ReportMaterializer, "plots": PlotsMaterializer})
def evaluate_model(
    bundle: Bundle, split: Split, settings: dict[str, Any], seed: int
) -> tuple[Annotated[ModelEvaluation, "evaluation"], Annotated[dict[str, bytes], "plots"]]:
    """Return the metrics of the bundle's model and its parts, and their plots by file name.

    Args:
        bundle: What training wrote; the model is read from it as a server reads it.
        split: The split on whose training part it was fitted.
        settings: The fields of `recommender.settings.EvaluationSettings`.
        seed: Seed of samples and resamples.

    Raises:
        DataError: A part of the split holds nothing to measure on.
    """
    # Imported now: Matplotlib takes a second, for which no cached run need wait.
    from recommender.evaluation.plots import plot_evaluation  # noqa: PLC0415

    evaluation = evaluate(
        Recommender.from_bundle(bundle),
        split,
        parse_settings(EvaluationSettings, settings, place="evaluation"),
        seed,
        counted(progress_of("evaluate_model"), "models measured"),
    )
    return evaluation, plot_evaluation(evaluation)
