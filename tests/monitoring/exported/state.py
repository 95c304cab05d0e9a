"""A state folder as a project that has run for a while has it, written by the code itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from alerts.alert import Alert
from alerts.channels import FileChannel
from alerts.delivery import Delivery
from monitoring.decision import NewData, Reason, RetrainDecision
from monitoring.distances import Distances
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.recommender_drift import ListChange, Reach
from monitoring.report import DriftReport, VersionPerformance
from monitoring.run_records import record_run
from monitoring.state import MonitorState
from monitoring.windows import ColumnDrift, Measured, Window
from recommender.errors import DataError
from recommender.publication import (
    Pointer,
    PublishedFolder,
    PublishedModel,
    PublisherStatus,
    write_json,
)

DIGEST = "d" * 64
STARTED = 1_800_000_000.0


def distances(psi: float) -> Distances:
    return Distances(**{**dict.fromkeys(Distances.__dataclass_fields__, 0.1), "psi": psi})


def write_state(state: Path, now: float = STARTED) -> None:
    """Write runs, alerts, a published model, a drift report, decisions and profiles."""
    record_run(state / "runs", "training", now - 90.0, now - 30.0, 0)
    record_run(state / "runs", "training", now - 20.0, now - 10.0, 3)
    record_run(state / "runs", "monitoring", now - 9.0, now - 3.0, 0)
    alert = Alert.of(DataError("bad"), step="validate_data", run="training-1")
    delivery = Delivery([FileChannel(state / "alerts" / "alerts.jsonl")], state / "alerts" / "f")
    delivery.send(alert)
    Delivery([], state / "alerts" / "failures.json").count("webhook", OSError("gone"))
    _publish(PublishedFolder(state / "published"))
    write_json(
        MonitoringFolders(state / "monitoring").reports / "drift" / "drift.json", _report(now)
    )
    _decide(Journal(MonitoringFolders(state / "monitoring").journal), now)
    profiles = MonitoringFolders(state / "monitoring").profiles
    profiles.mkdir(parents=True)
    (profiles / "a.bin").write_bytes(b"x")


def _publish(folder: PublishedFolder) -> None:
    at = "2026-01-01T00:00:00+00:00"
    if folder.pointer() is None:
        registered = {"registered_at": at}
        metrics = {"rmse": 0.8, "rmse_low": 0.7, "ndcg_at_10": 0.2}
        model = PublishedModel("m", "4", DIGEST, metrics=metrics, lineage=registered)
        folder.write_pointer(Pointer(model, PublishedModel("m", "3", "c" * 64), at))
    folder.write_status(PublisherStatus(7, at, succeeded_at=at, production="4"))


def _report(now: float) -> dict[str, object]:
    measured = Measured(0.3, 0.01, 800, higher_is_better=True)
    windows = tuple(
        Window(
            now - 7200.0 + 3600.0 * number,
            now - 3600.0 + 3600.0 * number,
            DIGEST,
            {
                "rating": ColumnDrift(900, distances(psi)),
                "rated_year": ColumnDrift(900, distances(0.05)),
            },
            {"ndcg": measured},
        )
        for number, psi in enumerate((0.05, 0.31))
    )
    report = DriftReport(
        DIGEST,
        "4",
        now,
        windows,
        (None, Reach(500, 0.4, 1.7, 0.2)),
        (VersionPerformance("4", DIGEST, 500, {"ndcg": measured, "rmse": measured}),),
        0.97,
        42.0,
        ListChange(200, 0.8, 0.7),
    )
    return report.to_dict()


def _decide(journal: Journal, now: float) -> None:
    data = NewData("x", 900, 10_000)
    for retrain in (False, True):
        state = MonitorState(model=DIGEST, streaks={"rating": 3, "rated_year": 0}, seen_at=now)
        reason = Reason("cause", retrain, "rating")
        causes = ("rating",) if retrain else ()
        decision = RetrainDecision(retrain, causes, (reason,), (), state)
        number = journal.record(decision, data, now, asdict(reason))
    journal.begin(number, now)
    journal.end(number, "promoted", state, now, {})
