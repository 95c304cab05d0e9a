"""Monitoring without its tracking server: the round fails and says so, and the next one goes on."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from events.migrate import migrate
from monitoring.run_records import read_record
from recommender.bundle import Bundle
from recommender.publication import PublishedFolder
from tests.e2e.pipeline_process import REPO, process_environment, wait_for
from tests.serving.running import publish

pytestmark = pytest.mark.e2e


@contextmanager
def tracking_server(folder: Path, port: int) -> Iterator[str]:
    """An MLflow server of its own, which is dead before and after."""
    folder.mkdir(exist_ok=True)
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1"),
        *("--port", str(port), "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    environ = process_environment(folder) | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: process.poll() is not None or _answers(f"{address}/health"))
        assert process.poll() is None, (folder / "log").read_text()
        yield address
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - loopback
            return True
    except (urllib.error.URLError, OSError):
        return False


def test_a_round_without_a_tracking_server_fails_and_the_next_goes_on(
    tiny_bundle: Bundle, tmp_path: Path
) -> None:
    var = tmp_path / "var"
    publish(PublishedFolder(var / "published"), tiny_bundle, "1")
    migrate(f"sqlite:///{var / 'events' / 'events.db'}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = process_environment(var) | {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    alerts, record = var / "alerts" / "alerts.jsonl", var / "runs" / "monitoring.json"
    with (tmp_path / "said").open("w") as said:
        watch = subprocess.Popen(
            [sys.executable, "run_pipeline.py", "monitoring", "--watch", "15s"],
            cwd=REPO,
            env=environ,
            stdout=said,
            stderr=said,
        )
    try:
        wait_for(record.exists)
        first = read_record(record)
        assert first is not None
        assert first.outcome == "failed"
        with tracking_server(tmp_path / "server", port):
            wait_for(lambda: _rounds(record).get("succeeded", 0) > 0)
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(120) == 0
    finally:
        watch.kill()
        watch.wait()
    text = (tmp_path / "said").read_text()
    assert "Round 1 of the monitoring ended with status 1." in text
    assert "The next one follows." in text
    assert str(port) in text, "the round itself says what was out of reach"
    lines = [json.loads(line) for line in alerts.read_text().splitlines()]
    assert "Round 1 of the monitoring ended with status 1." in [line["message"] for line in lines]


def _rounds(record: Path) -> dict[str, int]:
    found = read_record(record)
    return {} if found is None else dict(found.runs)
