"""The operator's page: who gets in, what it shows, what it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask_openapi3 import OpenAPI

from monitoring.decision import NewData, Reason, RetrainDecision
from monitoring.journal import Journal
from monitoring.state import MonitorState
from recommender.bundle import Bundle
from serving import keys
from serving.audit import AuditLog
from serving.services import Services
from serving.settings import ServerSettings
from tests.serving.pages.conftest import PageClient


@pytest.fixture
def settings(settings: ServerSettings, tmp_path: Path) -> ServerSettings:
    """Keys and thresholds of this test alone."""
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
    assert "80.0 %" in html
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
