"""What monitoring last found and decided, for a process that must stay light."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from monitoring.errors import MonitoringError
from monitoring.findings import Findings, read_findings
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal, Retraining
from monitoring.retrain_request import RetrainRequest, waiting_request

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
        request: The wish on which it was made, or ``None`` where nobody asked on the server.
    """

    number: int
    at: float
    retrain: bool
    causes: tuple[str, ...]
    reasons: tuple[tuple[str, bool, str], ...]
    request: RetrainRequest | None = None


@dataclass(frozen=True)
class Wish:
    """The last wish to train again that somebody had on the server, and what became of it.

    Attributes:
        request: The wish.
        state: Whether it waits for a round, was decided against, is being followed, or was.
        decision: Number of the decision, or ``None`` while it waits.
        detail: The same as a sentence.
    """

    request: RetrainRequest
    state: Literal["pending", "held back", "taken", "finished"]
    decision: int | None
    detail: str


@dataclass(frozen=True)
class Standing:
    """What there is to show.

    Attributes:
        report: What the latest report says, or ``None``.
        decisions: The latest, the last first.
        retrainings: The latest, the last first.
        waiting: Somebody's wish to train again that no round has decided on, or ``None``.
        problems: What is there and cannot be read, in full sentences.
    """

    report: Findings | None = None
    decisions: Sequence[Decided] = field(default_factory=tuple)
    retrainings: Sequence[Retraining] = field(default_factory=tuple)
    waiting: RetrainRequest | None = None
    problems: Sequence[str] = field(default_factory=tuple)

    def wish(self) -> Wish | None:
        """Return the last wish among what is shown, or ``None``."""
        if self.waiting is not None:
            return Wish(self.waiting, "pending", None, "It waits for the next round of monitoring.")
        for made in self.decisions:
            if made.request is not None:
                return self._followed(made, made.request)
        return None

    def _followed(self, made: Decided, request: RetrainRequest) -> Wish:
        if not made.retrain:
            held = "; ".join(f"{rule}: {text}" for rule, passed, text in made.reasons if not passed)
            return Wish(request, "held back", made.number, f"No training began. {held}.")
        found = next((one for one in self.retrainings if one.decision == made.number), None)
        if found is None or found.ended_at is None:
            return Wish(request, "taken", made.number, "The training has not ended.")
        detail = found.record.get("detail", "")
        return Wish(request, "finished", made.number, f"It ended: {found.outcome}. {detail}")


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
    waiting = _read(lambda: waiting_request(folders.retrain_request), problems)
    if not folders.journal.is_file():
        return Standing(report, waiting=waiting, problems=tuple(problems))
    journal = Journal(folders.journal)
    decisions = _read(lambda: _decisions(journal, limit), problems) or ()
    retrainings = _read(lambda: _retrainings(journal, limit), problems) or ()
    if waiting is not None and any(one.request == waiting for one in decisions):
        # The round that decided on it has not removed it yet.
        waiting = None
    return Standing(report, decisions, retrainings, waiting, tuple(problems))


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
    request = tree["about"].get("request")
    return Decided(
        int(tree["id"]),
        float(tree["decided_at"]),
        bool(tree["retrain"]),
        tuple(tree["causes"]),
        tuple(reasons),
        None if request is None else RetrainRequest.from_dict(request),
    )
