"""Decide whether to train again, and keep the decision with its reasons."""

from typing import Annotated, Any

from zenml import step

from monitoring.deciding import decide
from monitoring.report import DriftReport
from monitoring.settings import DecisionSettings
from recommender.settings import parse_settings
from steps.live_traffic import live_traffic
from steps.reporting import progress_of


@step(enable_cache=False)
def decide_retraining(
    drift: dict[str, Any],
    decision: dict[str, Any],
    by_hand: bool,
    request: dict[str, Any],
    now: float,
    run_id: str,
) -> Annotated[dict[str, Any], "decision"]:
    """Return the decision with its number in the journal.

    Args:
        drift: What `compute_drift` found.
        decision: The fields of `monitoring.settings.DecisionSettings`.
        by_hand: Whether somebody asked for a retraining.
        request: The wish of an operator, which is kept with the decision; empty where there is
            none.
        now: Seconds since 1970.
        run_id: The MLflow run that has the report.

    Raises:
        MonitoringError: The journal cannot be used.
        StoreUnavailable: The event store is out of reach.
    """
    progress_of("decide_retraining")("deciding", 0, None)
    settings = parse_settings(DecisionSettings, decision, place="decision")
    report = DriftReport.from_dict(drift)
    about = {"mlflow_run": run_id, **({"request": request} if request else {})}
    with live_traffic() as sources:
        number, found = decide(sources, report, settings, now, by_hand=by_hand, about=about)
    return {**found.to_dict(), "number": number}
