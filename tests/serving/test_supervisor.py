"""What the supervisor does before there is a model; its children are small scripts here."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import supervisor
from serving.settings import EventSettings, ServerSettings
from serving.supervisor import INTERRUPTED, Stop, Supervisor


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    return ServerSettings(published=str(tmp_path / "published"), events=EventSettings(url=url))


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Stage:
    """Stands in for the publisher and the training, and stops the supervisor where it would run."""

    def __init__(self, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pointer = settings.published_folder / "pointer.json"
        self.asked: list[str] = []
        self.said: list[str] = []
        self.scripts = {"publish": "", "train": "", "serve": ""}
        self.supervisor = Supervisor(settings, say=self.said.append)
        monkeypatch.setattr(supervisor, "_python", self.command)
        monkeypatch.setattr(Supervisor, "_start", lambda _: self.asked.append("serve"))
        monkeypatch.setattr(Supervisor, "_keep_running", lambda _: None)
        monkeypatch.setattr(Supervisor, "_end", lambda _: True)

    def command(self, *arguments: str) -> tuple[str, ...]:
        name = "publish" if "tracking.publish" in arguments else "train"
        self.asked.append(name)
        return (sys.executable, "-c", self.scripts[name])

    @property
    def publishing(self) -> str:
        return (
            f"import pathlib; p = pathlib.Path({str(self.pointer)!r}); "
            "p.parent.mkdir(); p.write_text('{}')"
        )


@pytest.fixture
def stage(settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(settings, monkeypatch)


def test_a_published_model_is_served_at_once(stage: Stage) -> None:
    stage.pointer.parent.mkdir()
    stage.pointer.write_text("{}")
    assert stage.supervisor.run() == 0
    assert stage.asked == ["serve"]


def test_the_registry_is_asked_before_anything_is_trained(stage: Stage) -> None:
    stage.scripts["publish"] = stage.publishing
    assert stage.supervisor.run() == 0
    assert stage.asked == ["publish", "serve"]


def test_a_model_is_trained_where_the_registry_has_none(stage: Stage) -> None:
    assert stage.supervisor.run() == 0
    assert stage.asked == ["publish", "train", "serve"]
    assert any("training one on the sample" in line for line in stage.said)


def test_a_training_that_fails_ends_the_server_with_its_status(stage: Stage) -> None:
    stage.scripts["train"] = "raise SystemExit(3)"
    assert stage.supervisor.run() == 3
    assert "serve" not in stage.asked


def test_ctrl_c_ends_the_training(stage: Stage) -> None:
    stage.scripts["train"] = (
        "import os, signal, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(600)"
    )
    assert stage.supervisor.run() != 0
    assert "serve" not in stage.asked


def test_ctrl_c_while_publishing_ends_the_server(stage: Stage) -> None:
    stage.scripts["publish"] = (
        "import os, signal, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(600)"
    )
    assert stage.supervisor.run() == INTERRUPTED
    assert stage.asked == ["publish"]


def test_the_first_signal_counts() -> None:
    stop = Stop()
    assert not stop.is_requested
    stop.handle(signal.SIGTERM, None)
    stop.handle(signal.SIGINT, None)
    assert (stop.is_requested, stop.signals, stop.number) == (True, 2, signal.SIGTERM)
