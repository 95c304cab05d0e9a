"""How the last run of each pipeline went, as small files that outlive it, for whoever watches."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from recommender.publication import write_json

#: Outcomes by exit code; any other code is ``failed``.
OUTCOMES = {
    0: "succeeded",
    2: "refused",
    3: "data rejected",
    4: "behaviour failed",
    130: "interrupted",
}


@dataclass(frozen=True)
class RunRecord:
    """The last run of one pipeline, and how many ended how.

    Attributes:
        pipeline: Name of the pipeline.
        started_at: When the last run began, in seconds since 1970.
        ended_at: When it ended.
        outcome: A value of `OUTCOMES`, or ``failed``.
        succeeded_at: When a run last succeeded, or ``None``.
        runs: How many runs ended with each outcome.
    """

    pipeline: str
    started_at: float
    ended_at: float
    outcome: str
    succeeded_at: float | None = None
    runs: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Self:
        """Return the record of which ``dataclasses.asdict`` made ``tree``."""
        return cls(**tree)


def record_run(
    folder: Path, pipeline: str, started_at: float, ended_at: float, exit_code: int
) -> None:
    """Note how a run ended.

    Args:
        folder: Of the records.
        pipeline: Name of the pipeline.
        started_at: In seconds since 1970.
        ended_at: Likewise.
        exit_code: With which the command ended.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    outcome = OUTCOMES.get(exit_code, "failed")
    with (folder / "records.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = read_record(folder / f"{pipeline}.json")
        runs = dict(before.runs) if before else {}
        runs[outcome] = runs.get(outcome, 0) + 1
        record = RunRecord(pipeline, started_at, ended_at, outcome, None, runs)
        if outcome == "succeeded":
            record = replace(record, succeeded_at=ended_at)
        elif before is not None:
            record = replace(record, succeeded_at=before.succeeded_at)
        write_json(folder / f"{pipeline}.json", asdict(record))


def read_record(file: Path) -> RunRecord | None:
    """Return a record, ``None`` where there is none.

    Raises:
        ValueError: The file is not what `record_run` writes.
    """
    try:
        tree = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    try:
        return RunRecord.from_dict(tree)
    except TypeError as error:
        raise ValueError(f"{file} is not the record of a run: {error}") from error
