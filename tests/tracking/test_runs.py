from __future__ import annotations

import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from recommender.errors import RegistryError
from recommender.settings import RegistrySettings
from tracking import runs
from tracking.connection import connect
from tracking.processes import ProcessMark, this_process
from tracking.runs import ERROR_TAG, INTERRUPTED_TAG, close_interrupted_runs, open_run


def test_a_run_that_ends_well_is_finished(any_store: str, settings: RegistrySettings) -> None:
    with open_run(settings, tags={"a": "b"}, description="what for") as run:
        assert connect().get_run(run.run_id).info.status == "RUNNING"
    found = connect().get_run(run.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.tags["a"] == "b"
    assert found.data.tags["mlflow.note.content"] == "what for"
    assert ProcessMark.from_tags(found.data.tags) == this_process()
    assert (run.url is None) == (any_store == "shared")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("no such thing"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(3), "KILLED"),
    ],
)
def test_a_run_ends_as_its_body_does(
    local: Path, settings: RegistrySettings, error: BaseException, status: str
) -> None:
    with (
        pytest.raises(type(error)) as caught,
        open_run(settings, tags={}, description="") as run,
    ):
        raise error
    assert caught.value is error
    found = connect().get_run(run.run_id)
    assert found.info.status == status
    assert found.data.tags[ERROR_TAG].startswith(type(error).__name__)
    assert str(error) in found.data.tags[ERROR_TAG]


def test_the_body_is_heard_even_if_the_run_cannot_be_closed(
    local: Path, settings: RegistrySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*arguments: object, **keywords: object) -> None:
        raise OSError("the server went away")

    monkeypatch.setattr(MlflowClient, "set_terminated", unreachable)
    with (
        pytest.raises(ValueError, match="the cause") as caught,
        open_run(settings, tags={}, description=""),
    ):
        raise ValueError("the cause")
    assert "the server went away" in caught.value.__notes__[0]


def test_a_long_tag_is_cut_to_what_mlflow_stores(local: Path, settings: RegistrySettings) -> None:
    with open_run(settings, tags={"long": "x" * 9000}, description="") as run:
        pass
    assert len(connect().get_run(run.run_id).data.tags["long"]) == runs.MAX_TAG


def test_artifacts_are_beside_the_database(local: Path, settings: RegistrySettings) -> None:
    with open_run(settings, tags={}, description="") as run:
        connect().log_text(run.run_id, "hello", "greeting.txt")
    assert [file.read_text() for file in local.glob("artifacts/*/artifacts/greeting.txt")] == [
        "hello"
    ]


def test_a_copied_project_does_not_write_into_the_original(
    local: Path, settings: RegistrySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run(settings, tags={}, description=""):
        pass
    copy = tmp_path / "copy"
    local.rename(copy)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{copy / 'mlflow.db'}")
    with (
        pytest.raises(RegistryError, match="copied or moved") as caught,
        open_run(settings, tags={}, description=""),
    ):
        pytest.fail("the run opened")
    assert str(copy) in str(caught.value.remedy)


def test_a_deleted_experiment_is_reported(local: Path, settings: RegistrySettings) -> None:
    with open_run(settings, tags={}, description="") as run:
        pass
    connect().delete_experiment(run.experiment_id)
    with (
        pytest.raises(RegistryError, match="was deleted"),
        open_run(settings, tags={}, description=""),
    ):
        pytest.fail("the run opened")


def test_an_experiment_that_another_process_makes_meanwhile_is_taken(
    local: Path, settings: RegistrySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run(settings, tags={}, description="") as first:
        pass
    found, calls = MlflowClient.get_experiment_by_name, []

    def absent_at_first(client: Any, name: str) -> Any:
        calls.append(name)
        return None if len(calls) == 1 else found(client, name)

    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", absent_at_first)
    with open_run(settings, tags={}, description="") as second:
        assert second.experiment_id == first.experiment_id


def test_nothing_is_interrupted_before_the_first_run(
    local: Path, settings: RegistrySettings
) -> None:
    assert close_interrupted_runs(settings) == ()


def test_a_killed_run_is_closed_by_the_next_process(
    desk: Any, child: Callable[..., BaseProcess]
) -> None:
    killed = child(desk.bundle(1), death=("log_model_artifacts", 1))
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    client = desk.client
    experiment = client.get_experiment_by_name(desk.settings.experiment).experiment_id
    [left] = client.search_runs([experiment])
    assert left.info.status == "RUNNING"
    assert [str(model.status) for model in client.search_logged_models([experiment])] == ["PENDING"]

    with open_run(desk.settings, tags={}, description="alive") as alive:
        assert close_interrupted_runs(desk.settings) == (left.info.run_id,)
        assert client.get_run(alive.run_id).info.status == "RUNNING"
    closed = client.get_run(left.info.run_id)
    assert closed.info.status == "KILLED"
    assert "ended without closing" in closed.data.tags[INTERRUPTED_TAG]
    assert list(client.search_logged_models([experiment])) == []
    assert close_interrupted_runs(desk.settings) == ()


def test_a_run_of_another_host_is_left_alone(local: Path, settings: RegistrySettings) -> None:
    with open_run(settings, tags={}, description="") as run:
        elsewhere = ProcessMark("elsewhere", 1, "then").to_tags()
        for key, value in elsewhere.items():
            connect().set_tag(run.run_id, key, value)
        assert close_interrupted_runs(settings) == ()
