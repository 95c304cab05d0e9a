from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from monitoring.exported.collector import StateCollector
from monitoring.exporter import main
from monitoring.folders import MonitoringFolders
from tests.monitoring.exported.state import STARTED, write_state


@pytest.fixture
def registry(tmp_path: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(StateCollector(tmp_path))
    return registry


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("pipeline_runs_total", {"pipeline": "training", "outcome": "data rejected"}, 1.0),
        ("pipeline_last_run_timestamp_seconds", {"pipeline": "training"}, STARTED - 10.0),
        ("pipeline_last_success_timestamp_seconds", {"pipeline": "training"}, STARTED - 30.0),
        ("pipeline_last_duration_seconds", {"pipeline": "monitoring"}, 6.0),
        ("pipeline_last_succeeded_ratio", {"pipeline": "training"}, 0.0),
        ("pipeline_last_succeeded_ratio", {"pipeline": "monitoring"}, 1.0),
        ("pipeline_last_interrupted_ratio", {"pipeline": "training"}, 0.0),
        ("alerts_raised_total", {"step": "validate_data"}, 1.0),
        ("alerts_undelivered_total", {"channel": "webhook"}, 1.0),
        (
            "published_model_info",
            {"version": "4", "digest": "d" * 12, "previous_version": "3"},
            1.0,
        ),
        ("published_model_registered_timestamp_seconds", {}, 1_767_225_600.0),
        ("published_model_test_score", {"metric": "rmse"}, 0.8),
        ("published_model_test_score", {"metric": "rmse_low"}, None),
        ("published_model_withdrawn_ratio", {}, 0.0),
        ("publisher_last_look_timestamp_seconds", {}, 1_767_225_600.0),
        ("publisher_failing_ratio", {}, 0.0),
        ("drift_measured_timestamp_seconds", {}, STARTED),
        ("drift_distance_ratio", {"column": "rating", "distance": "psi"}, 0.31),
        ("drift_samples_values", {"column": "rating"}, 900.0),
        ("drift_streak_windows", {"signal": "rating"}, 3.0),
        ("performance_value", {"version": "4", "metric": "ndcg"}, 0.3),
        ("performance_join_ratio", {}, 0.97),
        ("performance_label_delay_seconds", {}, 42.0),
        ("lists_overlap_ratio", {}, 0.8),
        ("lists_popularity_lift_ratio", {}, 1.7),
        ("retraining_decisions_total", {"decision": "no cause"}, 1.0),
        ("retraining_decisions_total", {"decision": "retrain"}, 1.0),
        ("retraining_ended_total", {"outcome": "promoted"}, 1.0),
        ("retraining_open_runs", {}, 0.0),
        ("profile_kept_files", {}, 1.0),
        ("exporter_readable_ratio", {"source": "drift"}, 1.0),
    ],
)
def test_the_state_folder_is_told(
    written: CollectorRegistry, name: str, labels: dict[str, str], value: float | None
) -> None:
    assert written.get_sample_value(f"roulette_{name}", labels) == value


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> CollectorRegistry:
    folder = tmp_path_factory.mktemp("state")
    write_state(folder)
    registry = CollectorRegistry()
    registry.register(StateCollector(folder))
    return registry


def test_an_empty_folder_is_readable_and_stays_empty(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    ratio = "roulette_exporter_readable_ratio"
    assert registry.get_sample_value(ratio, {"source": "decisions"}) == 1.0
    assert registry.get_sample_value("roulette_drift_measured_timestamp_seconds") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "text", "source"),
    [
        ("runs/training.json", "{", "pipelines"),
        ("alerts/alerts.jsonl", '{"time"', "alerts"),
        ("published/pointer.json", "[]", "models"),
        ("published/publisher.json", "{}", "publisher"),
        ("monitoring/reports/drift/drift.json", '{"made_at": 1}', "drift"),
        ("monitoring/journal.db", "no database at all, but long enough to look", "decisions"),
    ],
)
def test_what_cannot_be_read_is_told_and_hides_nothing_else(
    registry: CollectorRegistry, tmp_path: Path, file: str, text: str, source: str
) -> None:
    write_state(tmp_path)
    (tmp_path / file).write_text(text)
    ratio = "roulette_exporter_readable_ratio"
    assert registry.get_sample_value(ratio, {"source": source}) == 0.0
    others = {"pipelines", "alerts", "models", "publisher", "drift", "decisions"} - {source}
    assert all(registry.get_sample_value(ratio, {"source": other}) == 1.0 for other in others)


def test_a_report_without_windows_or_a_model_before_has_fewer_metrics(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    write_state(tmp_path)
    file = MonitoringFolders(tmp_path / "monitoring").reports / "drift" / "drift.json"
    report = json.loads(file.read_bytes())
    report |= {"windows": [], "reach": [], "list_change": None}
    file.write_text(json.dumps(report))
    assert registry.get_sample_value("roulette_drift_measured_windows") == 0.0
    for absent in ("drift_window_end_timestamp_seconds", "lists_overlap_ratio"):
        assert registry.get_sample_value(f"roulette_{absent}") is None


def test_scrapes_are_answered_until_it_is_told_to_stop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pages: list[bytes] = []

    def scrape_and_stop() -> None:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    pages.append(answer.read())
                break
            except URLError:
                time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    scraping = threading.Thread(target=scrape_and_stop)
    scraping.start()
    try:
        assert main(["--port", str(port)]) == 0
    finally:
        scraping.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert b"roulette_exporter_readable_ratio" in pages[0]


def test_once_prints_what_prometheus_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--once"]) == 0
    names = {family.name for family in text_string_to_metric_families(capsys.readouterr().out)}
    assert "roulette_exporter_readable_ratio" in names
    assert all(name.startswith("roulette_") for name in names)


def test_a_port_that_is_taken_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    assert "Give another --port" in capsys.readouterr().err
