"""The operator's page: who gets in, what it shows, what it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask_openapi3 import OpenAPI

from recommender.bundle import Bundle
from serving import keys
from serving.services import Services
from serving.settings import ServerSettings
from tests.serving.pages.conftest import PageClient


@pytest.fixture
def settings(settings: ServerSettings, tmp_path: Path) -> ServerSettings:
    """Keys of this test alone."""
    return replace(settings, web=replace(settings.web, keys_file=str(tmp_path / "keys.json")))


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


def report(folder: Path, psi: float) -> None:
    distances = {"psi": psi, "hellinger": 0.1, "jensen_shannon": 0.1, "ks": 0.1}
    window: dict[str, Any] = {
        "start": 0.0,
        "end": 3600.0,
        "columns": {"rating": {"samples": 900, "distances": distances}},
    }
    shares = {"labels": ["low", "high"], "reference": [0.5, 0.5], "live": [0.2, 0.8]}
    tree = {
        "made_at": 4000.0,
        "windows": [window],
        "versions": [],
        "distributions": {"rating": shares},
        "alerts": [],
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


def test_an_unreadable_report_is_an_alarm(operator: PageClient, services: Services) -> None:
    file = services.settings.monitoring_folder / "reports" / "drift" / "drift.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert "Monitoring cannot be read" in operator.get("/ops")


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
