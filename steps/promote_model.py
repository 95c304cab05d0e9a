"""Ask the gate whether the registered model becomes production, and carry out the answer."""

from typing import Annotated, Any

from zenml import step

from events.real_requests import requests_of_last_day
from expectations.results import ValidationReport
from recommender.bundle import Bundle
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.gate import CandidateEvidence, Origin, start_of_test
from recommender.evaluation.judge import Judge, Shadow
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.schema import Split
from recommender.settings import GateSettings, RegistrySettings, parse_settings
from steps.reporting import progress_of
from tracking.promotion import promote
from tracking.registry import Registry

#: Lists that both models make.
_MOST_REQUESTS = 300


@step(enable_cache=False)
def promote_model(
    version: str,
    bundle: Bundle,
    split: Split,
    validation: ValidationReport,
    evaluation: ModelEvaluation,
    behaviour: BehaviourReport,
    request: dict[str, Any],
    gate: dict[str, Any],
    registry: dict[str, Any],
    run_id: str,
) -> Annotated[dict[str, Any], "promotion"]:
    """Return what the gate decided, with its reasons, and which version is production now.

    Args:
        version: The candidate's version in the registry.
        bundle: The candidate.
        split: The split on which it was measured.
        validation: What the expectations found.
        evaluation: Its metrics.
        behaviour: How it behaved.
        request: Which data was asked for; with events of the site, both models are asked what
            visitors asked in the last day.
        gate: The fields of `recommender.settings.GateSettings`.
        registry: The fields of `recommender.settings.RegistrySettings`.
        run_id: The MLflow run, which gets the decision as an artifact.

    Raises:
        RegistryError: The registry is out of reach, or another pipeline holds its lock too long.
    """
    progress_of("promote_model")("asking the gate", 0, None)
    candidate = CandidateEvidence(
        origin=Origin.of_bundle(bundle),
        report=evaluation.test,
        behaviour=behaviour,
        validation_passed=validation.passed,
        test_start=start_of_test(split),
    )
    requests = requests_of_last_day(_MOST_REQUESTS) if request["events"] else ()
    margins = parse_settings(GateSettings, gate, place="gate")
    judge = Judge(candidate, split, margins, Shadow(bundle, requests))
    settings = parse_settings(RegistrySettings, registry, place="registry")
    result = promote(Registry(settings), version, judge.decide, run_id=run_id)
    return {**result.to_dict(), "production_metrics": judge.production_metrics}
