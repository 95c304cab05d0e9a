"""All that an operator is shown, on the page and through the API alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from monitoring.errors import MonitoringError
from monitoring.folders import MonitoringFolders
from monitoring.run_records import RunRecord, read_record
from monitoring.settings import DecisionSettings, MonitoringConfig
from monitoring.standing import Standing, standing
from recommender.errors import BundleError, RouletteError, UsageError
from recommender.promotion_request import (
    PromotionFiles,
    PromotionOutcome,
    PromotionRequest,
    RegisteredVersion,
)
from recommender.publication import PublisherStatus
from recommender.settings import read_settings
from serving.audit import Deed
from serving.deeds import audit_log
from serving.health import readiness
from serving.routes.lineage import model_card
from serving.services import Services
from serving.stopping import is_stopping

_BAD = ("failed", "invalid data", "rejected", "interrupted")
#: After so long without a look the publisher is taken for dead; it says every five seconds.
_SILENCE = timedelta(seconds=60)

T = TypeVar("T")


@dataclass(frozen=True)
class Overview:
    """What there is to show.

    Attributes:
        problems: Why it is not healthy, in full sentences.
        card: What is known of the model that answers, or ``None``.
        trained_at: When that model was registered, right after its training, or ``None``.
        withdrawn: The version that is production and was taken back, or ``None``.
        standing: What monitoring found and decided.
        decision: The thresholds, or ``None`` where they cannot be read.
        versions: Those that the registry has, the newest first.
        waiting: A promotion that waits for the publisher, or ``None``.
        promoted: What came of the last one, or ``None``.
        last_round: How the last round of monitoring went, or ``None`` before there was one.
        deeds: What operators did, the last first.
        now: When this was put together.
    """

    problems: tuple[str, ...]
    card: dict[str, Any] | None
    trained_at: datetime | None
    withdrawn: str | None
    standing: Standing
    decision: DecisionSettings | None
    versions: tuple[RegisteredVersion, ...]
    waiting: PromotionRequest | None
    promoted: PromotionOutcome | None
    last_round: RunRecord | None
    deeds: tuple[Deed, ...]
    now: datetime

    def is_beyond(self, column: str) -> bool:
        """Return whether the latest window of a column is beyond the threshold."""
        report, decision = self.standing.report, self.decision
        if report is None or decision is None:
            return False
        latest = report.columns[column][-1]
        return latest.psi >= decision.enter_psi and latest.samples >= decision.min_samples


def overview(using: Services) -> Overview:
    """Put together what there is to show; what cannot be read is a problem, and hides nothing else.

    Args:
        using: What the server stands on.
    """
    now, settings = datetime.now(UTC), using.settings
    seen = standing(MonitoringFolders(settings.monitoring_folder))
    deeds, files = audit_log().latest(), PromotionFiles(settings.published_folder)
    unread: list[str] = []
    withdrawal, served = using.models.withdrawal(), using.models.current()
    shown = Overview(
        problems=(),
        card=None if served is None else model_card(using, served),
        trained_at=None if served is None else _registered(served.published.lineage),
        withdrawn=None if withdrawal is None else withdrawal.version,
        standing=seen,
        decision=_read(lambda: _decision_settings(settings.monitoring_file), unread),
        versions=_read(files.versions, unread) or (),
        waiting=_read(files.waiting, unread),
        promoted=_read(files.last, unread),
        last_round=_read(lambda: _record(settings.runs_folder / "monitoring.json"), unread),
        deeds=deeds.found,
        now=now,
    )
    problems = [
        *readiness(using, stopping=is_stopping()).reasons,
        *unread,
        *(f"Monitoring cannot be read: {problem}" for problem in seen.problems),
        *(f"The audit log: {problem}" for problem in deeds.problems),
        *(f"Refused bundle: {refusal.reason}" for refusal in using.models.refused()),
        *_publisher(using, now),
        *_drifted(shown),
        *_monitor(shown),
    ]
    return replace(shown, problems=tuple(problems))


def _registered(lineage: dict[str, str]) -> datetime | None:
    text = lineage.get("registered_at")
    return None if text is None else datetime.fromisoformat(text)


def _read(ask: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return ask()
    except RouletteError as error:
        problems.append(f"Part of this page cannot be read: {error}")
        return None


def _decision_settings(file: Path) -> DecisionSettings:
    try:
        return read_settings(MonitoringConfig, file).decision
    except UsageError as error:
        raise UsageError("The thresholds cannot be read", remedy=str(error)) from error


def _publisher(using: Services, now: datetime) -> Iterator[str]:
    try:
        status = using.models.folder.status()
        since = None if status is None else _silence(status, now)
    except (BundleError, ValueError) as error:
        yield f"How the publisher fares cannot be read: {error}"
        return
    if status is None or since is None:
        return
    if status.error is not None:
        yield f"The publisher, since {status.error_since}: {status.error}"
    if since > _SILENCE:
        yield (
            f"The publisher has not looked at the registry since {status.looked_at}, so promotions "
            "and rollbacks do not arrive. Start it with python -m tracking.publish."
        )


def _silence(status: PublisherStatus, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(status.looked_at)


def _drifted(shown: Overview) -> Iterator[str]:
    report, decision = shown.standing.report, shown.decision
    if report is None:
        return
    if decision is not None:
        for name in sorted(set(report.columns) & set(decision.watched)):
            if shown.is_beyond(name):
                yield f"Beyond the drift threshold: {name}."
    yield from report.alerts


def _record(file: Path) -> RunRecord | None:
    try:
        return read_record(file)
    except (OSError, ValueError) as error:
        raise MonitoringError(
            f"how the last round of monitoring went cannot be read: {error}", place=str(file)
        ) from error


def _monitor(shown: Overview) -> Iterator[str]:
    seen, record = shown.standing, shown.last_round
    if seen.retrainings and seen.retrainings[0].outcome in _BAD:
        last = seen.retrainings[0]
        yield f"The last retraining (decision {last.decision}) ended: {last.outcome}."
    if record is not None and record.outcome not in ("succeeded", "interrupted"):
        at = datetime.fromtimestamp(record.ended_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        yield f"The last round of monitoring, {at}, ended: {record.outcome}."
