"""Look for better hyper-parameters of one model on the validation ratings."""

from typing import Annotated, Any

from zenml import step

import environment
from recommender.schema import Split
from recommender.settings import EvaluationSettings, Params, TuningSettings, parse_settings
from recommender.tuning.report import TuningReport
from steps.materializers import TuningMaterializer
from steps.reporting import progress_of
from tracking.trials import trial_logger


# Not cached: the study is the memory of its trials, and decides what is left to do.
@step(enable_cache=False, output_materializers={"tuning": TuningMaterializer})
def tune_model(
    split: Split,
    params: dict[str, Any],
    settings: dict[str, Any],
    evaluation: dict[str, Any],
    code_digest: str,
    run_id: str,
) -> Annotated[TuningReport, "tuning"]:
    """Return the trials of the study, which goes on where an interrupted run left it.

    Args:
        split: Where the ratings come from; its test part is not looked at.
        params: The fields of `recommender.settings.Params`.
        settings: The fields of `recommender.settings.TuningSettings`.
        evaluation: The fields of `recommender.settings.EvaluationSettings`.
        code_digest: Digest of the library's code: other code, other study.
        run_id: The MLflow run below which each trial is logged.

    Raises:
        RouletteError: Every trial failed, or another run is at work on the study.
    """
    # Imported now: the trainers take seconds, which no other step need wait for.
    from recommender.tuning.study import tune  # noqa: PLC0415

    return tune(
        split,
        parse_settings(Params, params, place="params"),
        parse_settings(TuningSettings, settings, place="tuning"),
        parse_settings(EvaluationSettings, evaluation, place="evaluation"),
        folder=environment.state_dir() / "tuning" / split.train.name,
        code_digest=code_digest,
        on_trial=trial_logger(run_id),
        progress=progress_of("tune_model"),
    )
