"""The operator's page: who gets in, what it shows, what it does."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask_openapi3 import OpenAPI

from monitoring.decision import BY_HAND, NewData, Reason, RetrainDecision
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.retrain_request import end_request, waiting_request
from monitoring.run_records import record_run
from monitoring.state import MonitorState
from recommender.bundle import Bundle
from recommender.promotion_request import PromotionFiles, RegisteredVersion
from recommender.publication import PublisherStatus
from serving import keys
from serving.audit import AuditLog
from serving.schemas.operation import OpsAnswer
from serving.services import Services
from serving.settings import ServerSettings
from tests.serving.pages.conftest import PageClient


@pytest.fixture
def settings(
    settings: ServerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ServerSettings:
    """Keys, thresholds and records of this test alone."""
    monkeypatch.setenv("MOVIE_ROULETTE_VAR", str(tmp_path / "var"))
    (tmp_path / "monitoring.yaml").write_text("{}")
    return replace(
        settings,
        web=replace(settings.web, keys_file=str(tmp_path / "keys.json")),
        pages=replace(settings.pages, monitoring_config=str(tmp_path / "monitoring.yaml")),
    )


@pytest.fixture
def ring(app: OpenAPI) -> keys.KeyRing:
    with app.app_context():
        return keys.ring()


@pytest.fixture
def operator(page: PageClient, ring: keys.KeyRing) -> PageClient:
    answer = page.send("/ops/sign-in", on="/ops", api_key=ring.create("Ada", ["admin"]))
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    return page


def report(folder: Path, psi: Any = 0.05, **changed: Any) -> None:
    distances = {"psi": psi, "hellinger": 0.1, "jensen_shannon": 0.1, "ks": 0.1}
    columns = {"rating": {"samples": 900, "distances": distances}}
    shares = {"labels": ["low", "high"], "reference": [0.5, 0.5], "live": [0.2, 0.8]}
    metric = {"value": 0.8125, "sigma": 0.01, "samples": 1234, "higher_is_better": False}
    tree = {
        "made_at": 4000.0,
        "windows": [{"start": 0.0, "end": 3600.0, "columns": columns}],
        "versions": [{"version": "1", "model": "a", "lists": 3, "metrics": {"rmse": metric}}],
        "distributions": {"rating": shares},
        "alerts": [],
        **changed,
    }
    file = folder / "reports" / "drift" / "drift.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(tree))


def test_nobody_gets_in_without_an_admin_key(page: PageClient, ring: keys.KeyRing) -> None:
    assert "The model that answers" not in page.get("/ops")
    page.get("/ops/rollback", status=401)
    wrong = page.send("/ops/sign-in", on="/ops", api_key="mr_0_wrong")
    assert wrong.status_code == 401
    narrow = page.send("/ops/sign-in", on="/ops", api_key=ring.create("Bob", ["write"]))
    assert narrow.status_code == 403
    assert page.send("/ops/rollback", on="/ops", reason="x").status_code == 401
    unsigned = page.client.post("/ops/sign-in", data={"api_key": ring.create("C", ["admin"])})
    assert unsigned.status_code == 403


def test_a_revoked_key_is_out_at_once(operator: PageClient, ring: keys.KeyRing) -> None:
    assert "The model that answers" in operator.get("/ops")
    (key_id,) = ring.keys()
    ring.revoke(key_id)
    assert "The model that answers" not in operator.get("/ops")


def test_nothing_measured_is_said_and_reading_makes_no_journal(
    operator: PageClient, services: Services
) -> None:
    html = operator.get("/ops")
    assert "Healthy" in html
    assert "Nothing is measured yet" in html
    assert not (services.settings.monitoring_folder / "journal.db").exists()


@pytest.mark.parametrize(("psi", "title"), [(0.05, "Healthy"), (0.31, "In alarm")])
def test_drift_beyond_the_threshold_is_an_alarm(
    operator: PageClient, services: Services, psi: float, title: str
) -> None:
    report(services.settings.monitoring_folder, psi)
    html = operator.get("/ops")
    assert f"<h2>{title}</h2>" in html
    assert f"{psi:.3f}" in html
    assert "<td>80.0</td>" in html
    assert "style=" not in html


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"windows": 5}, "not iterable"),
        ({"windows": [{"columns": {}, "start": 0}, {}]}, "key &#39;columns&#39;"),
        ({"psi": float("nan")}, "not finite"),
        ({"psi": "much"}, "no number"),
        ({"made_at": 1e20}, "no time"),
        ({"alerts": [3]}, "no text"),
        ({"distributions": {"rating": {"labels": ["a"], "reference": [], "live": []}}}, "shorter"),
    ],
)
def test_a_report_of_another_shape_is_an_alarm_that_says_where(
    operator: PageClient, services: Services, changed: dict[str, Any], named: str
) -> None:
    report(services.settings.monitoring_folder, **changed)
    html = operator.get("/ops")
    assert "Monitoring cannot be read" in html
    assert "drift.json: the report cannot be read" in html
    assert named in html


def test_unreadable_files_are_alarms_and_hide_nothing_else(
    operator: PageClient, services: Services
) -> None:
    folder = services.settings.monitoring_folder
    report(folder)
    AuditLog(folder / "audit.jsonl").append("k1", "rollback", "asked", "odd lists")
    with (folder / "audit.jsonl").open("ab") as file:
        file.write(b'\xff\n{"at": "now"}\n[]\n')
    (folder / "journal.db").write_bytes(b"no database at all" * 100)
    html = operator.get("/ops")
    for line in (2, 3, 4):
        assert f"audit.jsonl, line {line}: cannot be read" in html
    assert "odd lists" in html
    assert "the journal of decisions cannot be used" in html
    assert "0.8125 ± 0.0100" in html
    (folder / "reports" / "drift" / "drift.json").write_text("{")
    assert "drift.json: the report cannot be read" in operator.get("/ops")


def test_thresholds_and_watched_columns_are_those_of_the_monitor(
    operator: PageClient, services: Services, tmp_path: Path
) -> None:
    report(services.settings.monitoring_folder, psi=0.31)
    file = tmp_path / "monitoring.yaml"
    file.write_text("decision: {enter_psi: 0.4, watched: [rated_genre]}")
    html = operator.get("/ops")
    assert "threshold of 0.4 in" in html
    assert "<h2>Healthy</h2>" in html
    assert "watched</span>" not in html
    file.write_text("decision: {enter_psi: 0.3, watched: [rating]}")
    html = operator.get("/ops")
    assert "Beyond the drift threshold: rating." in html
    assert "watched</span>" in html
    file.write_text("decision: {enter_psi: 0.3, watched: [rating], min_samples: 1000}")
    assert "<h2>Healthy</h2>" in operator.get("/ops"), "900 values say nothing"
    file.write_text("decision: {enter_spi: 0.3}")
    html = operator.get("/ops")
    assert "The thresholds cannot be read" in html
    assert "enter_spi" in html


def test_decisions_are_shown_with_reasons_and_a_failed_retraining_is_an_alarm(
    operator: PageClient, services: Services
) -> None:
    journal = Journal(services.settings.monitoring_folder / "journal.db")
    reasons = (
        Reason("cause", True, "rating drifted"),
        Reason("cooldown", True, "last retraining 7.0 h ago"),
    )
    data = NewData("d", 10, 100)
    made = RetrainDecision(True, ("rating",), reasons, (), MonitorState())
    number = journal.record(made, data, 4000.0, {})
    html = operator.get("/ops")
    assert f"Decision {number}, 1970-01-01 01:06 UTC: retrain (rating)" in html
    assert "cause, passed: rating drifted" in html
    assert "cooldown, passed: last retraining 7.0 h ago" in html
    assert "<h2>Healthy</h2>" in html
    journal.begin(number, 4100.0)
    journal.end(number, "failed", MonitorState(), 4200.0, {})
    html = operator.get("/ops")
    assert f"The last retraining (decision {number}) ended: failed." in html
    held = RetrainDecision(False, (), (Reason("cause", False, "none"),), (), MonitorState())
    journal.record(held, data, 5000.0, {})
    html = operator.get("/ops")
    assert "do not retrain" in html
    assert "cause, held back: none" in html


def test_a_refused_bundle_is_an_alarm(
    operator: PageClient,
    publish: Callable[..., None],
    other_bundle: Bundle,
    services: Services,
    tmp_path: Path,
) -> None:
    publish(other_bundle, "2")
    (tmp_path / "published" / "bundles" / other_bundle.digest / "manifest.json").write_text("{")
    services.models.reload()
    assert "Refused bundle: " in operator.get("/ops")


def test_the_age_of_the_model_is_said_in_words(operator: PageClient, services: Services) -> None:
    served = services.models.current()
    assert served is not None
    object.__setattr__(served, "loaded_at", served.loaded_at - timedelta(days=3, minutes=5))
    html = operator.get("/ops")
    assert f'3 days ago (<time datetime="{served.loaded_at.isoformat()}">' in html


def test_nothing_is_done_that_cannot_be_written_down(
    operator: PageClient, publish: Callable[..., None], other_bundle: Bundle, services: Services
) -> None:
    publish(other_bundle, "2")
    services.models.reload()
    (services.settings.monitoring_folder / "audit.jsonl").mkdir(parents=True)
    assert operator.send("/ops/rollback", on="/ops", reason="x").status_code == 503
    current = services.models.current()
    assert current is not None
    assert current.version == "2"
    assert "audit.jsonl: cannot be read" in operator.get("/ops")


def test_a_rollback_without_the_token_of_its_form_is_refused(
    operator: PageClient, services: Services
) -> None:
    for fields in ({"reason": "x"}, {"reason": "x", "token": "0" * 64}):
        assert operator.client.post("/ops/rollback", data=fields).status_code == 403
    assert not (services.settings.monitoring_folder / "audit.jsonl").exists()


def test_a_rollback_is_audited_also_where_it_is_refused(
    operator: PageClient, publish: Callable[..., None], other_bundle: Bundle, services: Services
) -> None:
    answer = operator.send("/ops/rollback", on="/ops", reason="lists look odd")
    assert answer.status_code == 409
    html = operator.get("/ops")
    assert "rollback, asked" in html
    assert "rollback, refused" in html
    assert "lists look odd" in html
    assert operator.send("/ops/rollback", on="/ops", reason="").status_code == 422
    publish(other_bundle, "2")
    services.models.reload()
    assert "Roll back to version 1" in operator.get("/ops/rollback")
    assert operator.send("/ops/rollback", on="/ops", reason="worse lists").status_code == 303
    current = services.models.current()
    assert current is not None
    assert current.version == "1"
    assert "Version 2 was taken back." in operator.get("/ops")


@pytest.fixture
def versions(services: Services, other_bundle: Bundle) -> PromotionFiles:
    """Version 1 in production, and version 2, which the gate rejected."""
    files = PromotionFiles(services.settings.published_folder)
    current = services.models.current()
    assert current is not None
    at = "2026-01-02T03:04:05+00:00"
    rejected = ("rmse: 0.9 is above 0.8",)
    files.write_versions(
        (
            RegisteredVersion("2", other_bundle.digest, at, ("candidate",), False, rejected, None),
            RegisteredVersion("1", current.digest, at, ("production",), True, (), None),
        )
    )
    return files


def test_a_retraining_is_asked_for_once_and_followed_to_its_end(
    operator: PageClient, services: Services
) -> None:
    folders = MonitoringFolders(services.settings.monitoring_folder)
    assert "Ask for a retraining" in operator.get("/ops/retrain")
    assert operator.send("/ops/retrain", on="/ops/retrain", reason=" ").status_code == 422
    asked = operator.send("/ops/retrain", on="/ops/retrain", reason="new films came")
    assert asked.status_code == 303
    html = operator.get("/ops")
    assert "Retraining asked for, pending:" in html
    assert "new films came" in html
    assert "There was none yet" in html
    record_run(services.settings.runs_folder, "monitoring", 4000.0, 4010.0, 0)
    assert "The last one ended 1970-01-01 01:06 UTC." in operator.get("/ops")
    assert "the next round of monitoring decides on it" in html
    assert "asked for already" in operator.get("/ops/retrain")
    again = operator.send("/ops/retrain", on="/ops", reason="again")
    assert again.status_code == 409
    assert "waits for the next round" in again.text
    request = waiting_request(folders.retrain_request)
    assert request is not None
    journal = Journal(folders.journal)
    made = RetrainDecision(True, (BY_HAND,), (), (), MonitorState())
    number = journal.record(made, NewData("d", 10, 100), 4000.0, {"request": asdict(request)})
    html = operator.get("/ops")
    assert "Retraining asked for, taken:" in html
    end_request(folders.retrain_request, request.request_id)
    journal.begin(number, 4100.0)
    journal.end(number, "promoted", MonitorState(), 4200.0, {"detail": "better by far"})
    html = operator.get("/ops")
    assert "Retraining asked for" not in html
    assert "<strong>promoted</strong>: better by far" in html
    assert f"by hand: new films came ({request.by})" in html
    assert "retrain, done" in html
    assert "retrain, refused" in html


def test_a_wish_that_is_held_back_says_by_what(operator: PageClient, services: Services) -> None:
    operator.send("/ops/retrain", on="/ops", reason="new films came")
    folders = MonitoringFolders(services.settings.monitoring_folder)
    request = waiting_request(folders.retrain_request)
    assert request is not None
    reasons = (Reason("data_quality", False, "9 % of the ratings are of no known movie"),)
    held = RetrainDecision(False, (BY_HAND,), reasons, (), MonitorState())
    Journal(folders.journal).record(
        held, NewData("d", 10, 100), 4000.0, {"request": asdict(request)}
    )
    html = operator.get("/ops")
    assert "Retraining asked for, held back:" in html
    assert "data_quality: 9 % of the ratings" in html


def test_a_rejected_version_is_promoted_only_with_its_reasons_before_the_eyes(
    operator: PageClient, versions: PromotionFiles
) -> None:
    html = operator.get("/ops")
    assert "rmse: 0.9 is above 0.8" in html
    assert 'href="/ops/promote/2"' in html
    assert 'href="/ops/promote/1"' not in html
    asking = operator.get("/ops/promote/2")
    assert "The gate did not let it through." in asking
    assert "rmse: 0.9 is above 0.8" in asking
    operator.get("/ops/promote/9", status=404)
    assert "production already" in operator.get("/ops/promote/1")
    for version, text in (("9", "no such version"), ("1", "production already")):
        refused = operator.send(f"/ops/promote/{version}", on="/ops", reason="x")
        assert refused.status_code == 409
        assert text in refused.text
    done = operator.send("/ops/promote/2", on="/ops/promote/2", reason="viewers like it")
    assert done.status_code == 303
    html = operator.get("/ops")
    assert "Promotion of version 2, pending:" in html
    assert "version 2: viewers like it" in html
    again = operator.send("/ops/promote/2", on="/ops", reason="again")
    assert again.status_code == 409
    request = versions.waiting()
    assert request is not None
    versions.end(request, "refused", "Version 2 cannot be production: its bundle is altered.")
    html = operator.get("/ops")
    assert "its bundle is altered" in html
    assert "pending" not in html


@pytest.mark.parametrize("action", ["rollback", "retrain", "promote/2"])
def test_nothing_is_asked_without_a_key_and_the_token_of_the_form(
    page: PageClient, operator: PageClient, versions: PromotionFiles, other: PageClient, action: str
) -> None:
    other.get(f"/ops/{action}", status=401)
    assert other.send(f"/ops/{action}", on="/ops", reason="x").status_code == 401
    assert operator.client.post(f"/ops/{action}", data={"reason": "x"}).status_code == 403
    assert versions.waiting() is None


def test_what_is_done_and_cannot_be_noted_is_said_clearly(
    operator: PageClient,
    versions: PromotionFiles,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    append = AuditLog.append

    def full(log: AuditLog, key_id: str, action: str, outcome: str, detail: str) -> None:
        if outcome != "asked":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(log, key_id, action, outcome, detail)

    monkeypatch.setattr(AuditLog, "append", full)
    done = operator.send("/ops/retrain", on="/ops", reason="new films came")
    assert done.status_code == 200
    assert "Done, but not noted" in done.text
    assert "waits for the next round of monitoring" in done.text
    assert "No space left on device" in done.text
    folders = MonitoringFolders(services.settings.monitoring_folder)
    assert waiting_request(folders.retrain_request) is not None
    refused = operator.send("/ops/rollback", on="/ops", reason="odd lists")
    assert refused.status_code == 409
    assert "not that it was refused" in refused.text


def test_a_request_that_finds_no_room_is_said_and_noted(
    operator: PageClient, services: Services
) -> None:
    folder = services.settings.monitoring_folder
    folder.mkdir(parents=True)
    (folder / "requests").write_text("in the way")
    answer = operator.send("/ops/retrain", on="/ops", reason="new films came")
    assert answer.status_code == 503
    assert "It could not be written: File exists. See /ops" in answer.text
    assert "retrain, refused" in operator.get("/ops")


def test_the_api_does_and_says_the_same(
    app: OpenAPI, ring: keys.KeyRing, versions: PromotionFiles, services: Services
) -> None:
    client, header = app.test_client(), {"X-API-Key": ring.create("Ada", ["admin"])}
    assert client.get("/v1/admin/ops").status_code == 401
    report(services.settings.monitoring_folder, psi=0.31)
    body = {"reason": "new films came"}
    asked = client.post("/v1/admin/retrain", json=body, headers=header)
    assert asked.status_code == 202
    assert asked.get_json()["unnoted"] is None
    chosen = client.post("/v1/admin/promote", json={**body, "version": "2"}, headers=header)
    assert chosen.status_code == 202
    assert client.post("/v1/admin/rollback", json={}, headers=header).status_code == 409
    for wrong in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "x", "more": 1}):
        assert client.post("/v1/admin/retrain", json=wrong, headers=header).status_code == 422
    answer = client.get("/v1/admin/ops", headers=header)
    assert answer.headers["Cache-Control"] == "no-store"
    found = OpsAnswer.model_validate(answer.get_json())
    assert not found.healthy
    assert found.problems == ["Beyond the drift threshold: rating."]
    assert found.drift is not None
    assert found.drift.columns[0].is_beyond
    assert found.retrain_request is not None
    assert found.retrain_request.state == "pending"
    assert found.promotion is not None
    assert (found.promotion.version, found.promotion.state) == ("2", "pending")
    assert [version.gate for version in found.versions] == [False, True]
    assert found.model is not None
    assert found.model.version == "1"
    outcomes = [(deed.action, deed.outcome) for deed in reversed(found.audit)]
    assert outcomes == [
        ("retrain", "asked"),
        ("retrain", "done"),
        ("promote", "asked"),
        ("promote", "done"),
        ("rollback", "asked"),
        ("rollback", "refused"),
    ]


def test_the_time_since_training_is_that_of_the_registration(
    operator: PageClient, services: Services
) -> None:
    assert "when is not recorded" in operator.get("/ops")
    served = services.models.current()
    assert served is not None
    at = datetime.now(UTC) - timedelta(days=3, minutes=5)
    served.published.lineage["registered_at"] = at.isoformat()
    assert f'3 days ago (<time datetime="{at.isoformat()}">' in operator.get("/ops")


def test_a_monitor_or_a_publisher_that_fares_badly_is_an_alarm(
    operator: PageClient, services: Services
) -> None:
    runs = services.settings.runs_folder
    record_run(runs, "monitoring", 4000.0, 4010.0, 0)
    folder, now = services.models.folder, datetime.now(UTC)
    folder.write_status(PublisherStatus(1, now.isoformat()))
    assert "<h2>Healthy</h2>" in operator.get("/ops")
    record_run(runs, "monitoring", 4000.0, 4010.0, 1)
    folder.write_status(
        PublisherStatus(1, (now - timedelta(hours=1)).isoformat(), error="no registry there")
    )
    html = operator.get("/ops")
    assert "The last round of monitoring, 1970-01-01 01:06 UTC, ended: failed." in html
    assert "no registry there" in html
    assert "has not looked at the registry" in html
    (runs / "monitoring.json").write_text("{")
    (folder.root / "publisher.json").write_text("{")
    (folder.root / "versions.json").write_text("{")
    html = operator.get("/ops")
    for text in ("the last round of monitoring went", "the publisher fares", "versions.json"):
        assert text in html
