"""Real registries to test on: a SQLite file, and an MLflow server on a free loopback port."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.forkserver import ensure_running
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from recommender.bundle import Bundle, write_bundle
from recommender.evaluation.gate import GateDecision, GateReason
from recommender.settings import RegistrySettings
from tracking.connection import connect, resolve_store
from tracking.locks import LockTimes
from tracking.model_log import LoggedBundle, log_bundle
from tracking.promotion import promote
from tracking.registry import Registry
from tracking.runs import ensure_experiment
from tracking.versions import Version

SERVER_SECONDS = 120
TIMES = LockTimes(wait=60, beat=1, patience=20)
PROMOTE = GateDecision(True, (GateReason("rmse", True, "0.8 is below 0.9"),))
REJECT = GateDecision(False, (GateReason("rmse", False, "0.9 is above 0.8"),))


@pytest.fixture(scope="session", autouse=True)
def _quiet_mlflow() -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep each test's state to itself: MLflow holds its address in globals and environment."""
    monkeypatch.setenv("MOVIE_ROULETTE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////nowhere/mlflow.db")
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "")
    yield
    mlflow.set_registry_uri(None)
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with MLflow's tables, to be copied: making one takes seconds."""
    database = tmp_path_factory.mktemp("template") / "mlflow.db"
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{database}"
    try:
        connect().search_experiments()
    finally:
        mlflow.set_tracking_uri(None)
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before
    return database


@pytest.fixture(scope="session")
def shared_folder(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a registry in a SQLite file that tests share, each with names of its own."""
    folder = tmp_path_factory.mktemp("shared") / "mlflow"
    folder.mkdir()
    shutil.copyfile(empty_database, folder / "mlflow.db")
    return folder


@pytest.fixture
def shared(shared_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The shared registry, to which the environment points; returns its address."""
    uri = f"sqlite:///{shared_folder / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


@pytest.fixture
def local(empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty registry in a SQLite file of the test's own; returns its folder."""
    folder = tmp_path / "var" / "mlflow"
    folder.mkdir(parents=True)
    shutil.copyfile(empty_database, folder / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    return folder


@pytest.fixture(scope="session")
def server_address(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server that lives as long as the session."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copyfile(empty_database, folder / "mlflow.db")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1"),
        *("--port", str(port), "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for_server(address, process, folder / "server.log")
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_for_server(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SERVER_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the MLflow server did not start:\n{log.read_text()}")


@pytest.fixture
def server(server_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A registry behind a server, to which the environment points; returns its address."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server_address)
    return server_address


@pytest.fixture(params=["shared", "server"])
def any_store(request: pytest.FixtureRequest) -> str:
    """Each kind of registry in turn."""
    request.getfixturevalue(request.param)
    return str(request.param)


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> RegistrySettings:
    """Names of a test's own, since tests share the server."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return RegistrySettings(experiment=f"experiment-{name}", model_name=f"model-{name}")


def tiny_bundle(folder: Path, seed: int) -> Bundle:
    """A bundle that is whole and says nothing; another seed, another digest."""
    return write_bundle(
        folder / f"bundle-{seed}",
        {"weights": np.arange(seed, seed + 5, dtype=np.float64)},
        {
            "dataset": "tiny",
            "dataset_digest": "d" * 64,
            "simulated": True,
            "train_end": None,
            "split_method": "random",
            "seed": seed,
            "code_revision": None,
            "code_digest": "c" * 64,
            "params": {"model": {"n_factors": 2}},
            "scoring": {},
        },
    )


#: What is logged already: by address of the registry, then by seed of the bundle.
LOGGED: dict[str, dict[int, tuple[str, LoggedBundle]]] = {}


@dataclass(frozen=True)
class Desk:
    """A registry and what a test does with it in one line."""

    registry: Registry
    settings: RegistrySettings
    folder: Path
    accept: GateDecision = PROMOTE
    reject: GateDecision = REJECT

    @property
    def client(self) -> Any:
        return self.registry.client

    def bundle(self, seed: int) -> Bundle:
        return tiny_bundle(self.folder, seed)

    def log(self, seed: int) -> tuple[str, LoggedBundle]:
        """Log a bundle to a run of its own, once for all tests that share a registry."""
        known = LOGGED.setdefault(resolve_store().uri, {})
        if seed not in known:
            experiment = ensure_experiment(self.client, resolve_store(), "shared")
            run_id = self.client.create_run(experiment.experiment_id).info.run_id
            known[seed] = (run_id, log_bundle(run_id, self.bundle(seed)))
        return known[seed]

    def register(self, seed: int) -> Version:
        return self.registry.register(*self.log(seed))

    def promote(self, seed: int) -> Version:
        version = self.register(seed)
        assert promote(self.registry, version.version, lambda _: PROMOTE).promoted
        return version

    def again(self) -> Registry:
        """The registry as another process sees it."""
        return Registry(self.settings, cache=self.folder / "cache", times=TIMES)


@pytest.fixture
def desk(any_store: str, settings: RegistrySettings, tmp_path: Path) -> Desk:
    """A desk at each kind of registry in turn."""
    return make_desk(settings, tmp_path)


@pytest.fixture
def shared_desk(shared: str, settings: RegistrySettings, tmp_path: Path) -> Desk:
    return make_desk(settings, tmp_path)


@pytest.fixture
def local_desk(local: Path, settings: RegistrySettings, tmp_path: Path) -> Desk:
    """A desk at a registry whose files the test may damage."""
    return make_desk(settings, tmp_path)


@pytest.fixture
def server_desk(server: str, settings: RegistrySettings, tmp_path: Path) -> Desk:
    return make_desk(settings, tmp_path)


def make_desk(settings: RegistrySettings, folder: Path) -> Desk:
    return Desk(Registry(settings, cache=folder / "cache", times=TIMES), settings, folder)


@pytest.fixture(scope="session")
def processes() -> Iterator[Any]:
    """Makes processes from one that has imported everything once, since that takes seconds."""
    here = Path(__file__).parent
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["child"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(here), str(here.parents[1])])
    sys.path.insert(0, str(here))
    try:
        ensure_running()
        yield context
    finally:
        sys.path.remove(str(here))
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@pytest.fixture
def child(
    processes: Any, settings: RegistrySettings, tmp_path: Path
) -> Iterator[Callable[..., BaseProcess]]:
    """Start `child.run` with a bundle; whatever still runs at the end of the test is ended."""
    started: list[BaseProcess] = []

    def start(bundle: Bundle, *, death: tuple[str, int] | None = None) -> BaseProcess:
        keys = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MOVIE_ROULETTE_VAR")
        environment = {key: os.environ[key] for key in keys}
        module = importlib.import_module("child")
        arguments = (environment, settings, bundle.path, tmp_path / "journal", death)
        process: BaseProcess = processes.Process(target=module.run, args=arguments)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        if process.is_alive():
            process.kill()
        process.join()
