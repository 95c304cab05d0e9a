"""What an operator does: written down before and after, whether on the page or through the API."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from monitoring.errors import MonitoringError
from monitoring.folders import MonitoringFolders
from monitoring.retrain_request import ask_to_retrain
from recommender.errors import BundleError, RouletteError, UsageError
from recommender.promotion_request import PromotionFiles
from serving.audit import AuditLog
from serving.problems import Problem
from serving.services import services

LONGEST_REASON = 500


@dataclass(frozen=True)
class Done:
    """What was done.

    Attributes:
        subject: The version, or the id of the request.
        message: As a sentence.
        unnoted: Why the audit log lacks the line that says so, or ``None`` where it has it.
    """

    subject: str
    message: str
    unnoted: str | None


def audit_log() -> AuditLog:
    """Return the log of what operators did."""
    return AuditLog(services().settings.monitoring_folder / "audit.jsonl")


def roll_back(key_id: str, reason: str) -> Done:
    """Take production back on every worker; the publisher passes it on to the registry.

    Raises:
        Problem: 409 where there is nothing to go back to, 503 where it could not be written down.
    """

    def act() -> tuple[str, str]:
        done = services().models.withdraw("api", reason)
        return done.version, f"Version {done.version} was taken back."

    return _audited(key_id, "rollback", reason, act, kind="no-rollback")


def retrain(key_id: str, reason: str) -> Done:
    """Leave a request to train again, which the monitor takes up in its next round.

    Raises:
        Problem: 409 where one waits already, 503 where it could not be written down.
    """
    file = MonitoringFolders(services().settings.monitoring_folder).retrain_request

    def act() -> tuple[str, str]:
        made = ask_to_retrain(file, key_id, reason, time.time())
        return (
            made.request_id,
            f"Request {made.request_id[:8]} waits for the next round of monitoring.",
        )

    return _audited(key_id, "retrain", reason, act, kind="not-possible")


def promote(key_id: str, version: str, reason: str) -> Done:
    """Leave a request to make a version production, which the publisher carries out.

    Raises:
        Problem: 409 where there is no such version, it is production or another request waits,
            503 where it could not be written down.
    """

    def act() -> tuple[str, str]:
        PromotionFiles(services().settings.published_folder).ask(version, key_id, reason)
        return version, f"The promotion of version {version} waits for the publisher."

    told = f"version {version[:20]}: {reason}"
    return _audited(key_id, "promote", told, act, kind="not-possible")


def checked_reason(text: str) -> str:
    """Return a reason that an operator gave.

    Raises:
        Problem: 422 where there is none, or it is too long.
    """
    reason = text.strip()
    if 0 < len(reason) <= LONGEST_REASON:
        return reason
    errors = [{"field": "reason", "problem": f"must have 1 to {LONGEST_REASON} characters"}]
    raise Problem(422, "Say why, for the record.", kind="invalid", errors=errors)


def _audited(
    key_id: str, action: str, told: str, act: Callable[[], tuple[str, str]], *, kind: str
) -> Done:
    try:
        audit_log().append(key_id, action, "asked", told)
    except OSError as error:
        raise Problem(503, "The audit log cannot be written, so nothing was done.") from error
    try:
        subject, message = act()
    except (UsageError, BundleError, MonitoringError) as error:
        text = _sentence(error)
        unnoted = _note(key_id, action, "refused", error.problem)
        raise Problem(409, text if unnoted is None else f"{text} {unnoted}", kind=kind) from error
    except OSError as error:
        detail = f"It could not be written: {error.strerror}. See /ops before you ask again."
        unnoted = _note(key_id, action, "refused", detail)
        raise Problem(503, detail if unnoted is None else f"{detail} {unnoted}") from error
    return Done(subject, message, _note(key_id, action, "done", message))


def _sentence(error: RouletteError) -> str:
    remedy = "" if error.remedy is None else f" {error.remedy}"
    return f"{error.problem[:1].upper()}{error.problem[1:]}.{remedy}"


def _note(key_id: str, action: str, outcome: str, detail: str) -> str | None:
    """Write the last line of a deed; return why that could not be done, or ``None``."""
    try:
        audit_log().append(key_id, action, outcome, detail)
    except OSError as error:
        return (
            f"The audit log has only the line that it was asked for, not that it was {outcome}, "
            f"because it cannot be written: {error.strerror or error}."
        )
    return None
