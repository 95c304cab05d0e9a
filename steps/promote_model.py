"""Ask the gate whether the registered model becomes production, and carry out the answer."""

from typing import Annotated, Any

from zenml import step

from expectations.results import ValidationReport
from recommender.bundle import Bundle
from recommender.evaluation.behaviour import BehaviourReport
from recommender.evaluation.gate import CandidateEvidence, Origin, start_of_test
from recommender.evaluation.judge import Judge
from recommender.evaluation.model_evaluation import ModelEvaluation
from recommender.schema import Split
from recommender.settings import GateSettings, RegistrySettings, parse_settings
from steps.reporting import progress_of
from tracking.promotion import promote
from tracking.registry import Registry


@step(enable_cache=False)
def promote_model(
    version: str,
    bundle: Bundle,
    split: Split,
    validation: ValidationReport,
    evaluation: ModelEvaluation,
    behaviour: BehaviourReport,
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
    judge = Judge(candidate, split, parse_settings(GateSettings, gate, place="gate"))
    settings = parse_settings(RegistrySettings, registry, place="registry")
    result = promote(Registry(settings), version, judge.decide, run_id=run_id)
    return {**result.to_dict(), "production_metrics": judge.production_metrics}
