"""The monitoring pipeline: profiles, drift, report, decision, and the retraining it asks for."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from zenml import pipeline
from zenml.client import Client
from zenml.enums import ExecutionMode
from zenml.models import PipelineRunResponse

from monitoring.locks import only_one
from monitoring.page import verdict
from monitoring.report import DriftReport
from monitoring.settings import MonitoringConfig
from pipelines.alerts import record_alert, tell
from pipelines.outcome import MonitoringOutcome
from pipelines.plan import Plan, config_of
from pipelines.results import take_kept_files
from pipelines.retraining import finish_retraining
from pipelines.summary import output, step_outcomes
from pipelines.tracked import named, recover, under_way
from steps.collect_profiles import collect_profiles
from steps.compute_drift import compute_drift
from steps.decide_retraining import decide_retraining
from steps.live_traffic import monitoring_folders
from steps.report_drift import report_drift


@pipeline(name="monitoring", on_failure=record_alert, execution_mode=ExecutionMode.FAIL_FAST)
def monitoring(
    drift: dict[str, Any], decision: dict[str, Any], by_hand: bool, now: float, run_id: str
) -> None:
    """Collect profiles, measure drift, report it and decide.

    Args:
        drift: What is measured.
        decision: When a model is trained again.
        by_hand: Whether somebody asked for a retraining.
        now: Seconds since 1970.
        run_id: The MLflow run of this pipeline run.
    """
    profiles = collect_profiles(drift, now)
    found = compute_drift(profiles, drift, now)
    report_drift(found, decision, run_id)
    decide_retraining(found, decision, by_hand, now, run_id, after=["report_drift"])


def monitor(plan: Plan) -> MonitoringOutcome:
    """Run one round, with the retraining that it decides, and return what it came to.

    A retraining that an earlier round decided and that has not ended is looked after first.

    Args:
        plan: Settings.

    Raises:
        MonitoringError: Another monitor is at work, or no model is published.
        RouletteError: A step failed, with the step's own error; it stands in the alerts too.
    """
    config, folders = config_of(plan, MonitoringConfig), monitoring_folders()
    with only_one(folders.lock, what="monitor"):
        notes = recover(config.registry)
        earlier = finish_retraining(config)
        name = named(plan)
        tags = {"mlflow.runName": name, "roulette.zenml_run": name}
        with under_way(plan, name, tags, f"Monitoring; ZenML run {name}.") as run_id:
            arranged = monitoring.with_options(run_name=name, enable_cache=False)
            made = arranged(
                drift=asdict(config.drift),
                decision=_plain_decision(config),
                by_hand=plan.retrain,
                now=time.time(),
                run_id=run_id,
            )
            finished = Client().get_pipeline_run(made.id)
            take_kept_files(folders.reports)
        steps = finished.steps
        report = DriftReport.from_dict(output(steps, "compute_drift", "drift"))
        decision = output(steps, "decide_retraining", "decision")
        for text in (*report.alerts, *decision["alerts"]):
            tell(text, step="decide_retraining", run=name)
        later = finish_retraining(config) if decision["retrain"] else None
        done = tuple(text for text in (earlier, later) if text is not None)
        return _outcome(config, finished, run_id, report, decision, (*notes, *done))


def _plain_decision(config: MonitoringConfig) -> dict[str, Any]:
    plain = asdict(config.decision)
    return {**plain, "watched": list(config.decision.watched)}


def _outcome(
    config: MonitoringConfig,
    run: PipelineRunResponse,
    run_id: str,
    report: DriftReport,
    decision: dict[str, Any],
    notes: tuple[str, ...],
) -> MonitoringOutcome:
    held_back = [item["rule"] for item in decision["reasons"] if not item["passed"]]
    message = "Retraining was decided." if decision["retrain"] else "No retraining."
    return MonitoringOutcome(
        version=report.version,
        windows=len(report.windows),
        verdict=verdict(report, config.decision),
        retrain=decision["retrain"],
        causes=tuple(decision["causes"]),
        held_back=tuple(held_back),
        reasons=tuple(
            (item["rule"], item["passed"], item["detail"]) for item in decision["reasons"]
        ),
        message=message,
        notes=(*notes, *report.notes, *report.alerts, *decision["alerts"]),
        steps=step_outcomes(run.steps),
        zenml_run=run.name,
        mlflow_run=run_id,
        places=(
            ("report", str(monitoring_folders().reports / "drift" / "drift.html")),
            ("decisions", str(monitoring_folders().journal)),
            ("ZenML run", f"{run.name} (make zenml)"),
            ("MLflow run", f"{run_id} (make mlflow)"),
        ),
    )
