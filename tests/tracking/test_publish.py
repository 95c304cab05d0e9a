from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import environment
from alerts.delivery import Delivery
from recommender.errors import BundleError, RegistryError, UsageError
from recommender.publication import PublishedFolder
from tests.tracking.conftest import Desk
from tracking.publish import Reporter, alone, main


@pytest.fixture(autouse=True)
def _same_handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def config(tmp_path: Path, shared_desk: Desk) -> str:
    file = tmp_path / "training.yaml"
    file.write_text(f"registry:\n  model_name: {shared_desk.settings.model_name}\n")
    return str(file)


@pytest.fixture
def folder() -> PublishedFolder:
    return PublishedFolder(environment.state_dir() / "published")


def test_once_publishes_into_the_state_folder(
    shared_desk: Desk, config: str, folder: PublishedFolder
) -> None:
    assert main(["--once", "--config", config]) == 0
    assert folder.pointer() is None
    version = shared_desk.promote(1)
    assert main(["--once", "--config", config]) == 0
    pointer, status = folder.pointer(), folder.status()
    assert pointer is not None
    assert pointer.production.version == version.version
    assert status is not None
    assert (status.production, status.error, status.pid) == (version.version, None, os.getpid())
    assert status.succeeded_at is not None


def test_a_second_publisher_of_the_same_folder_is_refused(
    config: str, folder: PublishedFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    with alone(folder):
        assert main(["--once", "--config", config]) == UsageError.exit_code
    assert f"process {os.getpid()}" in capsys.readouterr().err
    assert main(["--once", "--config", config]) == 0


def test_a_registry_out_of_reach_is_an_error_in_the_status_and_an_alert(
    config: str, folder: PublishedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://127.0.0.1:9/mlflow")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "")
    assert main(["--once", "--config", config]) == RegistryError.exit_code
    status = folder.status()
    assert status is not None
    assert "out of reach" in (status.error or "")
    (line,) = (environment.state_dir() / "alerts" / "alerts.jsonl").read_text().splitlines()
    alert = json.loads(line)
    assert (alert["step"], alert["error"]) == ("publish", "RegistryError")


def test_an_unknown_setting_ends_it(
    tmp_path: Path, shared: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("registri: {}\n")
    assert main(["--once", "--config", str(file)]) == UsageError.exit_code
    assert "registri" in capsys.readouterr().err


def test_each_change_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder, alerts = PublishedFolder(tmp_path / "published"), tmp_path / "alerts.jsonl"
    reporter = Reporter(folder, Delivery.configured(alerts))
    gone, broken = RegistryError("out of reach"), BundleError("altered")
    with caplog.at_level(logging.INFO, "tracking.publish"):
        for error in (None, None, gone, gone, broken, OSError("disk full"), None):
            reporter.report("4", error, removed=3)
    assert [record.levelname for record in caplog.records] == [
        "INFO",
        "ERROR",
        "ERROR",
        "ERROR",
        "INFO",
    ]
    kinds = [json.loads(line)["error"] for line in alerts.read_text().splitlines()]
    assert kinds == ["RegistryError", "BundleError", "OSError"]
    status = folder.status()
    assert status is not None
    assert (status.error, status.error_since) == (None, None)
    assert (status.bundles, status.removed) == (0, 3)


def test_a_status_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "published").write_text("a file in the folder's place")
    delivery = Delivery.configured(tmp_path / "alerts")
    Reporter(PublishedFolder(tmp_path / "published"), delivery).report("4", None)
    assert "status cannot be written" in caplog.text


def test_sigterm_stops_it_at_once(
    shared_desk: Desk, config: str, folder: PublishedFolder, processes: Any
) -> None:
    shared_desk.promote(1)
    child = importlib.import_module("publishing_child")
    keys = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MOVIE_ROULETTE_VAR")
    variables = {key: os.environ[key] for key in keys}
    # Without the signal it would sleep for an hour.
    arguments = ["--interval", "3600", "--config", config]
    process = processes.Process(target=child.publish_by_command, args=(variables, arguments))
    process.start()
    while folder.status() is None:
        assert process.is_alive()
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == 0
    with alone(folder):
        pass
