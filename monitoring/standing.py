"""What monitoring last found and decided, for a process that must stay light."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from monitoring.errors import MonitoringError
from monitoring.findings import Findings, read_findings
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal, Retraining

T = TypeVar("T")


@dataclass(frozen=True)
class Decided:
    """A decision as it is shown.

    Attributes:
        number: Of the decision.
        at: When, in seconds since 1970.
        retrain: Whether to train again.
        causes: The signals.
        reasons: Rule, whether it let the retraining through, and the numbers behind it.
    """

    number: int
    at: float
    retrain: bool
    causes: tuple[str, ...]
    reasons: tuple[tuple[str, bool, str], ...]


@dataclass(frozen=True)
class Standing:
    """What there is to show.

    Attributes:
        report: What the latest report says, or ``None``.
        decisions: The latest, the last first.
        retrainings: The latest, the last first.
        problems: What is there and cannot be read, in full sentences.
    """

    report: Findings | None = None
    decisions: Sequence[Decided] = field(default_factory=tuple)
    retrainings: Sequence[Retraining] = field(default_factory=tuple)
    problems: Sequence[str] = field(default_factory=tuple)


def standing(folders: MonitoringFolders, limit: int = 20) -> Standing:
    """Return what the last rounds found and decided; reading makes no file.

    What cannot be read is named in ``problems``, and the rest is returned all the same.

    Args:
        folders: Where monitoring keeps its state.
        limit: How many decisions and retrainings.
    """
    problems: list[str] = []
    file = folders.reports / "drift" / "drift.json"
    report = _read(lambda: read_findings(file), problems)
    if not folders.journal.is_file():
        return Standing(report, problems=tuple(problems))
    journal = Journal(folders.journal)
    decisions = _read(lambda: _decisions(journal, limit), problems) or ()
    retrainings = _read(lambda: _retrainings(journal, limit), problems) or ()
    return Standing(report, decisions, retrainings, tuple(problems))


def _read(ask: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return ask()
    except MonitoringError as error:
        problems.append(str(error))
        return None


def _decisions(journal: Journal, limit: int) -> tuple[Decided, ...]:
    try:
        return tuple(_decided(tree) for tree in journal.decisions(limit))
    except (KeyError, TypeError, ValueError) as error:
        raise _other_shape(journal, "decision", error) from error


def _retrainings(journal: Journal, limit: int) -> tuple[Retraining, ...]:
    try:
        return tuple(journal.retrainings(limit))
    except (KeyError, TypeError, ValueError) as error:
        raise _other_shape(journal, "retraining", error) from error


def _other_shape(journal: Journal, what: str, error: Exception) -> MonitoringError:
    return MonitoringError(
        f"a {what} in the journal has another shape: {type(error).__name__}: {error}",
        place=str(journal.file),
        remedy="Move the file away: the monitor then begins anew.",
    )


def _decided(tree: Mapping[str, Any]) -> Decided:
    reasons = ((item["rule"], bool(item["passed"]), item["detail"]) for item in tree["reasons"])
    return Decided(
        int(tree["id"]),
        float(tree["decided_at"]),
        bool(tree["retrain"]),
        tuple(tree["causes"]),
        tuple(reasons),
    )
