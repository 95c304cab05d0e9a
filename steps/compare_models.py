"""Choose each model's configuration on validation, and measure all of them on the test ratings."""

from typing import Annotated, Any

from zenml import step

from recommender.comparison.report import Comparison
from recommender.schema import Split
from recommender.settings import (
    ComparisonSettings,
    EvaluationSettings,
    Params,
    parse_settings,
)
from steps.materializers import ComparisonMaterializer
from steps.reporting import progress_of


@step(output_materializers={"comparison": ComparisonMaterializer})
def compare_models(
    split: Split, params: dict[str, Any], settings: dict[str, Any], evaluation: dict[str, Any]
) -> Annotated[Comparison, "comparison"]:
    """Return the metrics and costs of every model.

    Args:
        split: Where the ratings come from.
        params: The fields of `recommender.settings.Params`.
        settings: The fields of `recommender.settings.ComparisonSettings`.
        evaluation: The fields of `recommender.settings.EvaluationSettings`.

    Raises:
        RouletteError: No model could be fitted and measured.
    """
    # Imported now: the trainers take seconds, which a cached step need not wait for.
    from recommender.comparison.compare import compare_models as compare  # noqa: PLC0415

    return compare(
        split,
        parse_settings(Params, params, place="params"),
        parse_settings(ComparisonSettings, settings, place="comparison"),
        parse_settings(EvaluationSettings, evaluation, place="evaluation"),
        progress_of("compare_models"),
    )
