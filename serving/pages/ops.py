"""The operator's page: how all is, and what an operator may do, asked twice and written down."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from recommender.errors import BundleError
from recommender.promotion_request import PromotionFiles, RegisteredVersion
from serving import deeds
from serving.overview import Overview, overview
from serving.pages import forms
from serving.pages.operator import SECONDS, only_operators, operator, sign_in, sign_out, signed_in
from serving.pages.ops_charts import courses, measures, when
from serving.pages.rendering import page_blueprint, render
from serving.pages.words import ago
from serving.problems import Problem
from serving.services import services

blueprint = page_blueprint("ops", __name__)


@blueprint.get("/ops")
def ops() -> Response:
    """Answer with the page, or with the way in."""
    key = operator()
    if key is None:
        return _private(render("ops_sign_in.html", minutes=SECONDS // 60))
    return _private(render("ops.html", key=key, **_shown(overview(services()))))


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
    """Take production back."""
    key = signed_in()
    return _told(deeds.roll_back(key.key_id, _reason()), "rolled-back")


@blueprint.get("/ops/retrain")
@only_operators
def confirm_retraining() -> Response:
    """Ask whether it is meant."""
    return _private(render("ops_retrain.html", wish=overview(services()).standing.wish()))


@blueprint.post("/ops/retrain")
def retrain() -> Response:
    """Leave a request for the monitor."""
    key = signed_in()
    return _told(deeds.retrain(key.key_id, _reason()), "retrain-asked")


@blueprint.get("/ops/promote/<int:version>")
@only_operators
def confirm_promotion(version: int) -> Response:
    """Ask whether it is meant."""
    chosen = _registered(str(version))
    current = services().models.current()
    return _private(render("ops_promote.html", chosen=chosen, current=current))


@blueprint.post("/ops/promote/<int:version>")
def promote(version: int) -> Response:
    """Leave a request for the publisher."""
    key = signed_in()
    return _told(deeds.promote(key.key_id, str(version), _reason()), "promotion-asked")


def _reason() -> str:
    return deeds.checked_reason(request.form.get("reason", ""))


def _told(done: deeds.Done, notice: str) -> Response:
    """Say what was done, and on a page of its own where it could not be written down."""
    if done.unnoted is None:
        return forms.see("/ops", notice)
    return _private(render("ops_unnoted.html", done=done))


def _registered(version: str) -> RegisteredVersion:
    try:
        known = PromotionFiles(services().settings.published_folder).versions()
    except BundleError as error:
        raise Problem(503, f"The list of versions cannot be read: {error}") from error
    for found in known:
        if found.version == version:
            return found
    raise Problem(404, "The registry has no version of this number, as far as is known here.")


def _shown(found: Overview) -> dict[str, Any]:
    seen, report, decision = found.standing, found.standing.report, found.decision
    trained_at, served = found.trained_at, services().models.current()
    return {
        "found": found,
        "trained": None if trained_at is None else ago(found.now - trained_at),
        "loaded_at": None if served is None else served.loaded_at,
        "loaded": None if served is None else ago(found.now - served.loaded_at),
        "has_previous": services().models.previous() is not None,
        "report": report,
        "wish": seen.wish(),
        "settings_file": services().settings.monitoring_file.name,
        "courses": courses(report, decision, found.is_beyond) if report and decision else [],
        "measures": measures(report.performance) if report else [],
        "decided": {made.number: made for made in seen.decisions},
        "when": when,
    }


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
