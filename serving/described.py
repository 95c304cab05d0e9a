"""The operator's overview as plain values; `serving.schemas.operation.OpsAnswer` says which."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from monitoring.findings import Findings
from monitoring.journal import Retraining
from monitoring.run_records import RunRecord
from monitoring.standing import Decided, Wish
from serving.overview import Overview


def described(shown: Overview) -> dict[str, Any]:
    """Return the overview as the API answers it."""
    seen = shown.standing
    report, trained_at = seen.report, shown.trained_at
    return {
        "healthy": not shown.problems,
        "problems": list(shown.problems),
        "model": shown.card,
        "trained_at": None if trained_at is None else trained_at.isoformat(),
        "seconds_since_training": (
            None if trained_at is None else (shown.now - trained_at).total_seconds()
        ),
        "withdrawn_version": shown.withdrawn,
        "drift": None if report is None else _drift(shown, report),
        "performance": [] if report is None else [asdict(one) for one in report.performance],
        "last_round": None if shown.last_round is None else _round(shown.last_round),
        "decisions": [_decision(one) for one in seen.decisions],
        "retrainings": [_retraining(one) for one in seen.retrainings],
        "retrain_request": _wish(seen.wish()),
        "versions": [asdict(version) for version in shown.versions],
        "promotion": _promotion(shown),
        "audit": [asdict(deed) for deed in shown.deeds],
    }


def _drift(shown: Overview, report: Findings) -> dict[str, Any]:
    watched = () if shown.decision is None else shown.decision.watched
    furthest = sorted(report.columns, key=lambda name: (-report.columns[name][-1].psi, name))
    return {
        "measured_at": _time(report.made_at),
        "enter_psi": None if shown.decision is None else shown.decision.enter_psi,
        "columns": [
            {
                "column": name,
                "watched": name in watched,
                "is_beyond": shown.is_beyond(name),
                "windows": [
                    {"start": _time(one.start), "samples": one.samples, "psi": one.psi}
                    for one in report.columns[name]
                ],
                "distribution": [
                    {"label": label, "reference": then, "latest": now}
                    for label, then, now in report.shares.get(name, ())
                ],
            }
            for name in furthest
        ],
    }


def _round(record: RunRecord) -> dict[str, Any]:
    return {"ended_at": _time(record.ended_at), "outcome": record.outcome}


def _decision(made: Decided) -> dict[str, Any]:
    return {
        "number": made.number,
        "at": _time(made.at),
        "retrain": made.retrain,
        "causes": list(made.causes),
        "rules": [
            {"rule": rule, "passed": passed, "detail": detail}
            for rule, passed, detail in made.reasons
        ],
        "asked_by": None if made.request is None else made.request.by,
    }


def _retraining(made: Retraining) -> dict[str, Any]:
    return {
        "decision": made.decision,
        "new_ratings": made.data.ratings,
        "attempts": made.attempts,
        "started_at": None if made.started_at is None else _time(made.started_at),
        "ended_at": None if made.ended_at is None else _time(made.ended_at),
        "outcome": made.outcome,
        "detail": str(made.record.get("detail", "")),
    }


def _wish(wish: Wish | None) -> dict[str, Any] | None:
    if wish is None:
        return None
    return {
        "request_id": wish.request.request_id,
        "asked_by": wish.request.by,
        "asked_at": _time(wish.request.at),
        "reason": wish.request.reason,
        "state": wish.state,
        "decision": wish.decision,
        "detail": wish.detail,
    }


def _promotion(shown: Overview) -> dict[str, Any] | None:
    if shown.waiting is not None:
        request, state = shown.waiting, "pending"
        message = "It waits for the publisher."
    elif shown.promoted is not None:
        request, state = shown.promoted.request, shown.promoted.end
        message = shown.promoted.message
    else:
        return None
    return {
        "version": request.version,
        "asked_by": request.by,
        "asked_at": request.at,
        "reason": request.reason,
        "state": state,
        "message": message,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
