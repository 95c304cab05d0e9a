"""What monitoring last found, as plain values, for a process that must stay light.

The report is read as JSON: its own types stand on the sketches, which a web worker never imports.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitoring.errors import MonitoringError
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal, Retraining


@dataclass(frozen=True)
class Standing:
    """What there is to show.

    Attributes:
        report: The latest `monitoring.report.DriftReport` as plain values, or ``None``.
        decisions: The latest, the last first.
        retrainings: The latest, the last first.
    """

    report: Mapping[str, Any] | None = None
    decisions: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    retrainings: Sequence[Retraining] = field(default_factory=tuple)


def standing(folders: MonitoringFolders, limit: int = 20) -> Standing:
    """Return what the last rounds found and decided; reading makes no file.

    Args:
        folders: Where monitoring keeps its state.
        limit: How many decisions and retrainings.

    Raises:
        MonitoringError: The report or the journal is there and cannot be read.
    """
    report = _report(folders)
    if not folders.journal.is_file():
        return Standing(report)
    journal = Journal(folders.journal)
    return Standing(report, tuple(journal.decisions(limit)), tuple(journal.retrainings(limit)))


def _report(folders: MonitoringFolders) -> Mapping[str, Any] | None:
    file = folders.reports / "drift" / "drift.json"
    try:
        found: Mapping[str, Any] = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise MonitoringError(
            f"the report cannot be read: {error}",
            place=str(file),
            remedy="The next round of monitoring writes it anew.",
        ) from error
    return found
