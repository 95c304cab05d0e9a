"""Put the model through its behavioural tests."""

from typing import Annotated, Any

from zenml import step
from zenml.types import HTMLString

from recommender.bundle import Bundle
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.behaviour import check_behaviour as check
from recommender.inference import Recommender
from recommender.schema import Split
from recommender.settings import BehaviourSettings, parse_settings
from steps.materializers import ReportMaterializer
from steps.reporting import progress_of


@step(output_materializers={"behaviour": ReportMaterializer})
def check_behaviour(
    bundle: Bundle, split: Split, settings: dict[str, Any], seed: int
) -> tuple[Annotated[BehaviourReport, "behaviour"], Annotated[HTMLString, "behaviour_page"]]:
    """Return how the model behaved; a failure does not stop the run but bars promotion.

    Args:
        bundle: What training wrote.
        split: The split on whose training part it was fitted.
        settings: The fields of `recommender.settings.BehaviourSettings`.
        seed: Seed of the sampled cases.
    """
    progress_of("check_behaviour")("behavioural tests", 0, None)
    report = check(
        Recommender.from_bundle(bundle),
        split,
        seed,
        settings=parse_settings(BehaviourSettings, settings, place="behaviour"),
    )
    return report, HTMLString(report.to_html())
