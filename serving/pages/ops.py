"""The operator's page: is it healthy, what is served, what drifted, what was decided; rollback."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Response, request

from monitoring.folders import MonitoringFolders
from monitoring.settings import DecisionSettings, MonitoringConfig
from monitoring.standing import Standing, standing
from recommender.errors import BundleError, UsageError
from recommender.settings import read_settings
from serving.audit import AuditLog
from serving.health import readiness
from serving.pages import forms
from serving.pages.operator import SECONDS, only_operators, operator, sign_in, sign_out, signed_in
from serving.pages.ops_charts import courses, when
from serving.pages.rendering import page_blueprint, render
from serving.pages.words import ago
from serving.problems import Problem
from serving.routes.lineage import model_card
from serving.services import services
from serving.stopping import is_stopping

blueprint = page_blueprint("ops", __name__)
_LONGEST_REASON = 500
_BAD = ("failed", "invalid data", "rejected", "interrupted")


@blueprint.get("/ops")
def ops() -> Response:
    """Answer with the page, or with the way in."""
    key = operator()
    if key is None:
        return _private(render("ops_sign_in.html", minutes=SECONDS // 60))
    return _private(render("ops.html", key=key, **_found()))


@blueprint.post("/ops/sign-in")
def enter() -> Response:
    """Sign in."""
    response = forms.see("/ops")
    sign_in(response, request.form.get("api_key", ""))
    return response


@blueprint.post("/ops/sign-out")
def leave() -> Response:
    """Sign out."""
    response = forms.see("/ops")
    sign_out(response)
    return response


@blueprint.get("/ops/rollback")
@only_operators
def confirm_rollback() -> Response:
    """Ask whether it is meant."""
    models = services().models
    return _private(
        render("ops_rollback.html", current=models.current(), previous=models.previous())
    )


@blueprint.post("/ops/rollback")
def rollback() -> Response:
    """Take production back, and write down who did it before and after."""
    key, log = signed_in(), _audit()
    reason = request.form.get("reason", "").strip()
    if not 0 < len(reason) <= _LONGEST_REASON:
        errors = [{"field": "reason", "problem": f"must have 1 to {_LONGEST_REASON} characters"}]
        raise Problem(422, "Say why production is taken back.", kind="invalid", errors=errors)
    try:
        log.append(key.key_id, "rollback", "asked", reason)
    except OSError as error:
        raise Problem(503, "The audit log cannot be written, so nothing was done.") from error
    try:
        done = services().models.withdraw("api", reason)
    except (UsageError, BundleError) as error:
        log.append(key.key_id, "rollback", "refused", error.problem)
        raise Problem(409, f"{error.problem}.".capitalize(), kind="no-rollback") from error
    log.append(key.key_id, "rollback", "done", f"Version {done.version} was taken back.")
    return forms.see("/ops")


def _found() -> dict[str, Any]:
    using = services()
    now = standing(MonitoringFolders(using.settings.monitoring_folder))
    deeds, served = _audit().latest(), using.models.current()
    decision, wrong = _decision_settings(using.settings.monitoring_file)
    drift = courses(now.report, decision) if now.report and decision else []
    problems = [
        *readiness(using, stopping=is_stopping()).reasons,
        *wrong,
        *(f"Monitoring cannot be read: {problem}" for problem in now.problems),
        *(f"The audit log: {problem}" for problem in deeds.problems),
        *_alarms(now, [one.column for one in drift if one.is_beyond and one.watched]),
    ]
    return {
        "problems": problems,
        "card": None if served is None else model_card(using, served),
        "age": None if served is None else ago(datetime.now(UTC) - served.loaded_at),
        "has_previous": using.models.previous() is not None,
        "report": now.report,
        "decision": decision,
        "settings_file": using.settings.monitoring_file.name,
        "courses": drift,
        "decisions": now.decisions,
        "retrainings": now.retrainings,
        "deeds": deeds.found,
        "when": when,
    }


def _decision_settings(file: Path) -> tuple[DecisionSettings | None, tuple[str, ...]]:
    try:
        return read_settings(MonitoringConfig, file).decision, ()
    except UsageError as error:
        return None, (f"The thresholds cannot be read: {error}",)


def _alarms(now: Standing, beyond: list[str]) -> list[str]:
    found = [f"Refused bundle: {refusal.reason}" for refusal in services().models.refused()]
    found += [f"Beyond the drift threshold: {name}." for name in beyond]
    if now.report:
        found += now.report.alerts
    if now.retrainings and now.retrainings[0].outcome in _BAD:
        last = now.retrainings[0]
        found.append(f"The last retraining (decision {last.decision}) ended: {last.outcome}.")
    return found


def _audit() -> AuditLog:
    return AuditLog(services().settings.monitoring_folder / "audit.jsonl")


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
