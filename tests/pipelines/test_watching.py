from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.alerts import alert_file
from pipelines.interval import parse_interval
from pipelines.outcome import WatchOutcome
from pipelines.watching import Watch, round_command
from recommender.errors import UsageError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIE_ROULETTE_VAR", str(tmp_path))


@pytest.fixture
def _signals() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("15m", 900.0), ("0.5h", 1800.0)])
def test_times_are_read(text: str, seconds: float) -> None:
    assert parse_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "-1m", "0s", "1 h"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--watch"):
        parse_interval(text)


def test_a_round_is_the_same_command_without_the_loop() -> None:
    command = round_command(["monitoring", "--watch", "15m", "--json", "--retrain"])
    assert command[2:] == ["monitoring", "--json", "--retrain"]
    assert round_command(["monitoring", "--watch=15m"])[2:] == ["monitoring"]


@pytest.mark.usefixtures("_signals")
def test_a_failed_round_is_told_and_followed_by_the_next(tmp_path: Path) -> None:
    log = tmp_path / "rounds"
    code = """
import sys
with open(sys.argv[1], "a") as file:
    print(*sys.argv[2:], file=file)
sys.exit(7)
"""
    said: list[str] = []
    watch = Watch([sys.executable, "-c", code, str(log), "--retrain"], 0.01, said.append)

    def stop_after_two() -> None:
        while not (log.exists() and len(log.read_text().splitlines()) > 1):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_after_two, daemon=True).start()
    outcome = watch.run()
    assert outcome.failed == outcome.rounds >= 1
    # Somebody's wish is for the first round only.
    assert log.read_text().splitlines()[:2] == ["--retrain", ""]
    assert "status 7" in said[0]
    assert "status 7" in alert_file().read_text(encoding="utf-8")
    assert WatchOutcome(2, 1).to_dict() == {"rounds": 2, "failed": 1}
    assert outcome.exit_code == 0


@pytest.mark.usefixtures("_signals")
def test_a_round_under_way_is_interrupted_and_waited_for(tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    code = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).touch()
try:
    time.sleep(600)
except KeyboardInterrupt:
    pathlib.Path(sys.argv[2]).touch()
    sys.exit(130)
"""
    watch = Watch([sys.executable, "-c", code, str(begun), str(ended)], 600.0, print)

    def stop() -> None:
        while not begun.exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    assert watch.run() == WatchOutcome(0, 0)
    assert ended.exists()
