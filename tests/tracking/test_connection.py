from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from recommender.errors import RegistryError
from tracking.connection import HTTP_DEFAULTS, connect, registry_errors, resolve_store


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port on which nobody listens, and which nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_the_default_is_a_database_in_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    store = resolve_store()
    assert store.database == (tmp_path / "var" / "mlflow" / "mlflow.db").resolve()
    assert store.artifact_root == (tmp_path / "var" / "mlflow" / "artifacts").resolve()
    assert store.registry_uri == store.uri


def test_a_relative_database_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///some/mlflow.db?timeout=9")
    expected = tmp_path.resolve() / "some" / "mlflow.db"
    assert resolve_store().uri == f"sqlite:///{expected}?timeout=9"
    assert resolve_store().database == expected


def test_a_server_decides_for_itself_where_artifacts_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.org")
    store = resolve_store()
    assert (store.database, store.artifact_root) == (None, None)
    store.check_location("mlflow-artifacts:/1/x", place="anything")


def test_artifacts_of_another_database_go_to_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg2://db.example.org/mlflow")
    assert resolve_store().artifact_root == (tmp_path / "var").resolve() / "mlflow" / "artifacts"


def test_a_registry_of_its_own_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.org")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path}/r.db")
    assert resolve_store().registry_database == tmp_path.resolve() / "r.db"


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("./mlruns", "a folder"),
        ("file:///tmp/mlruns", "a folder"),
    ],
)
def test_what_cannot_be_a_registry_is_refused(
    uri: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(RegistryError, match=problem) as caught:
        resolve_store()
    assert "MLFLOW_TRACKING_URI" in str(caught.value)
    assert caught.value.remedy


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://someone:secret@mlflow.example.org/x")
    assert resolve_store().shown == "https://mlflow.example.org/x"


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("/somewhere/else/artifacts", "copied or moved"),
        ("file:///somewhere/else/artifacts", "copied or moved"),
        ("mlflow-artifacts:/1", "behind an MLflow server"),
    ],
)
def test_a_local_store_refuses_artifacts_of_another(
    local: Path, location: str, problem: str
) -> None:
    with pytest.raises(RegistryError, match=problem):
        resolve_store().check_location(location, place="experiment x")


def test_a_local_store_takes_its_own_artifacts_and_those_of_a_service(local: Path) -> None:
    store = resolve_store()
    for location in (str(local / "artifacts"), (local / "a b").as_uri(), "s3://bucket/artifacts"):
        store.check_location(location, place="experiment x")


def test_a_server_that_is_not_there_is_reported(
    deaf_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{deaf_port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    client = connect()
    with pytest.raises(RegistryError, match=str(deaf_port)) as caught, registry_errors("it"):
        client.search_experiments()
    assert "MLFLOW_TRACKING_URI" in str(caught.value.remedy)


def test_retries_are_few_unless_the_user_says_otherwise(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in HTTP_DEFAULTS:
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    connect()
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"


def test_a_database_server_that_is_not_there_is_reported_at_once(
    deaf_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"postgresql://u:p@127.0.0.1:{deaf_port}/mlflow")
    with pytest.raises(RegistryError, match="out of reach") as caught:
        connect()
    assert ":p@" not in str(caught.value)


def test_a_file_that_is_no_database_is_reported(local: Path) -> None:
    (local / "mlflow.db").write_text("Dear diary, this is no database.")
    with pytest.raises(RegistryError, match="not a SQLite database"):
        connect()


def test_a_folder_that_cannot_be_made_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    with pytest.raises(RegistryError, match="cannot be opened") as caught:
        connect()
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        MlflowException("first line\nsecond line"),
        OperationalError("select", {}, Exception("locked")),
        ModuleNotFoundError("No module named 'psycopg2'"),
        OSError("disk full"),
    ],
)
def test_every_fault_of_mlflow_becomes_ours(error: Exception) -> None:
    with pytest.raises(RegistryError, match="the place") as caught, registry_errors("the place"):
        raise error
    assert caught.value.__cause__ is error
    assert "\n" not in str(caught.value)


def test_an_error_without_words_is_named() -> None:
    with pytest.raises(RegistryError, match="OSError"), registry_errors("the place"):
        raise OSError


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), registry_errors("the place"):
        raise ZeroDivisionError
