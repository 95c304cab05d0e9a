"""Decisions and retrainings with their reasons, and the memory between decisions.

All of it lies in one SQLite file, and a decision, what it remembers and the retraining that it
begins are one transaction: whenever the process dies, either all of them happened or none did.
Files for each would have to be brought to agree after a crash between two of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitoring.decision import NewData, RetrainDecision
from monitoring.errors import MonitoringError
from monitoring.state import MonitorState

_TABLES = """
CREATE TABLE IF NOT EXISTS memory (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS decisions (
    id INTEGER PRIMARY KEY, decided_at REAL NOT NULL, retrain INTEGER NOT NULL,
    record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS retrainings (
    decision INTEGER PRIMARY KEY REFERENCES decisions (id), data TEXT NOT NULL,
    attempts INTEGER NOT NULL, started_at REAL, ended_at REAL, outcome TEXT, record TEXT);
"""


@dataclass(frozen=True)
class Retraining:
    """One retraining that was decided.

    Attributes:
        decision: Number of the decision.
        data: What it learns from.
        attempts: How often it was started.
        started_at: When it was last started, in seconds since 1970, or ``None``.
        ended_at: When it ended, or ``None`` while it has not.
        outcome: ``promoted``, ``rejected``, ``invalid data``, ``failed`` or ``interrupted``.
        record: What the training said of itself.
    """

    decision: int
    data: NewData
    attempts: int
    started_at: float | None
    ended_at: float | None
    outcome: str | None
    record: dict[str, Any]


class Journal:
    """The file of decisions.

    Args:
        file: Made when it is first used.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def state(self) -> MonitorState:
        """Return what is remembered; at first, nothing.

        Raises:
            MonitoringError: The file cannot be read.
        """
        with self._open() as connection:
            row = connection.execute("SELECT state FROM memory").fetchone()
        return MonitorState() if row is None else MonitorState.from_dict(json.loads(row[0]))

    def record(
        self, decision: RetrainDecision, data: NewData, now: float, about: Mapping[str, Any]
    ) -> int:
        """Keep a decision, what it remembers and the retraining that it begins, and number it.

        Args:
            decision: What was decided.
            data: What there is to learn.
            now: Seconds since 1970.
            about: What else belongs to it: the windows, the run.

        Raises:
            MonitoringError: The file cannot be written.
        """
        record = {**decision.to_dict(), "data": _plain(data), "about": dict(about)}
        with self._open() as connection, _transaction(connection):
            made = connection.execute(
                "INSERT INTO decisions (decided_at, retrain, record) VALUES (?, ?, ?)",
                (now, decision.retrain, json.dumps(record)),
            )
            number = int(made.lastrowid or 0)
            _remember(connection, decision.state)
            if decision.retrain:
                connection.execute(
                    "INSERT INTO retrainings (decision, data, attempts) VALUES (?, ?, 0)",
                    (number, json.dumps(_plain(data))),
                )
        return number

    def open_retraining(self) -> Retraining | None:
        """Return the retraining that was decided and has not ended, or ``None``."""
        return next((item for item in self.retrainings() if item.ended_at is None), None)

    def begin(self, decision: int, now: float) -> None:
        """Note that a retraining is started."""
        with self._open() as connection, _transaction(connection):
            connection.execute(
                "UPDATE retrainings SET attempts = attempts + 1, started_at = ? WHERE decision = ?",
                (now, decision),
            )

    def end(
        self,
        decision: int,
        outcome: str,
        state: MonitorState,
        now: float,
        record: Mapping[str, Any],
    ) -> None:
        """Note how a retraining ended, and remember ``state``, at once."""
        with self._open() as connection, _transaction(connection):
            connection.execute(
                "UPDATE retrainings SET ended_at = ?, outcome = ?, record = ? WHERE decision = ?",
                (now, outcome, json.dumps(dict(record)), decision),
            )
            _remember(connection, state)

    def decisions(self, limit: int = 100) -> list[dict[str, Any]]:
        """Return the latest decisions, the last first, each with its number and time."""
        query = "SELECT id, decided_at, record FROM decisions ORDER BY id DESC LIMIT ?"
        with self._open() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return [{"id": row[0], "decided_at": row[1], **json.loads(row[2])} for row in rows]

    def retrainings(self, limit: int = 100) -> list[Retraining]:
        """Return the latest retrainings, the last first."""
        query = (
            "SELECT decision, data, attempts, started_at, ended_at, outcome, record "
            "FROM retrainings ORDER BY decision DESC LIMIT ?"
        )
        with self._open() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return [_retraining(row) for row in rows]

    def decision_on(self, request_id: str) -> int | None:
        """Return the number of the decision on somebody's wish, or ``None`` before there is one."""
        query = (
            "SELECT id FROM decisions WHERE json_extract(record, '$.about.request.request_id') = ?"
        )
        with self._open() as connection:
            row = connection.execute(query, (request_id,)).fetchone()
        return None if row is None else int(row[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = sqlite3.connect(self.file, isolation_level=None, timeout=10.0)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(_TABLES)
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise MonitoringError(
                f"the journal of decisions cannot be used: {error}",
                place=str(self.file),
                remedy="Free the disk, or move the file away: the monitor then begins anew.",
            ) from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _remember(connection: sqlite3.Connection, state: MonitorState) -> None:
    connection.execute(
        "INSERT INTO memory (id, state) VALUES (1, ?) "
        "ON CONFLICT (id) DO UPDATE SET state = excluded.state",
        (json.dumps(state.to_dict()),),
    )


def _plain(data: NewData) -> dict[str, Any]:
    return {
        "digest": data.digest,
        "ratings": data.ratings,
        "trained_on": data.trained_on,
        "problems": list(data.problems),
    }


def _retraining(row: tuple[Any, ...]) -> Retraining:
    tree = json.loads(row[1])
    data = NewData(**{**tree, "problems": tuple(tree["problems"])})
    decision, _, attempts, started_at, ended_at, outcome, record = row
    done = json.loads(record or "{}")
    return Retraining(decision, data, attempts, started_at, ended_at, outcome, done)
