"""Servers in processes of their own: each on a free loopback port, ended by process id."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any, Self

from recommender.bundle import Bundle
from recommender.publication import Pointer, PublishedFolder, PublishedModel

REPO = Path(__file__).resolve().parents[2]
#: The machine may be busy; nothing here waits this long where all is well.
PATIENCE = 60.0


@dataclass
class Running:
    """A server that runs.

    Attributes:
        process: What was started.
        port: Where it listens.
        folder: Its state folder.
        output: File of what it says to people.
        log: File of its log.
    """

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    output: Path = field(init=False)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.output, self.log = self.folder / "output.txt", self.folder / "log.txt"

    @classmethod
    def start(cls, folder: Path, command: list[str], environ: Mapping[str, str]) -> Self:
        port = free_port()
        # What other tests of this process have told MLflow is nothing to the server.
        inherited = {key: text for key, text in os.environ.items() if not key.startswith("MLFLOW_")}
        variables = {
            **inherited,
            "MOVIE_ROULETTE_VAR": str(folder),
            "MOVIE_ROULETTE_WEB__PORT": str(port),
            "PYTHONPATH": str(REPO),
            **environ,
        }
        with (folder / "output.txt").open("wb") as output, (folder / "log.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                env=variables,
                stdout=output,
                stderr=log,
                cwd=REPO,
                start_new_session=True,
            )
        return cls(process, port, folder)

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        return self.ask("GET", path, headers=headers)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            sent = None if body is None else json.dumps(body)
            kind = {"Content-Type": "application/json"} if sent else {}
            connection.request(method, path, sent, {**kind, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = "json" in (answer.headers["Content-Type"] or "")
            return answer.status, json.loads(text) if is_json else text
        finally:
            connection.close()

    def answers(self, path: str, status: int = 200) -> bool:
        try:
            return self.get(path)[0] == status
        except (OSError, http.client.HTTPException):
            return False

    def wait_until_ready(self, path: str = "/health/ready") -> None:
        wait_for(lambda: self.process.poll() is not None or self.answers(path), self.explain)
        assert self.process.poll() is None, self.explain()

    def explain(self) -> str:
        return f"{self.output.read_text()}\n{self.log.read_text()}"

    def workers(self) -> set[int]:
        """The processes whose parent is gunicorn's."""
        return {pid for child in children(self.process.pid) for pid in children(child)}

    def metric(self, line: str) -> float:
        """The value of one line of /metrics, 0 where it is not there."""
        lines = self.get("/metrics")[1].splitlines()
        return sum(float(text[len(line) :]) for text in lines if text.startswith(f"{line} "))

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send one signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def running(folder: Path, command: list[str], environ: Mapping[str, str] | None = None) -> Any:
    """Start a server and end it, whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Running.start(folder, command, environ or {})
    family = set()
    try:
        yield server
        family = {server.process.pid, *children(server.process.pid), *server.workers()}
    finally:
        family |= {server.process.pid, *children(server.process.pid), *server.workers()}
        for pid in family:
            kill(pid)
        server.process.wait()


def publish(
    folder: PublishedFolder, bundle: Bundle, version: str, before: str | None = None
) -> None:
    """Publish a bundle as the publisher does, for tests that need no registry."""
    target = folder.bundle(bundle.digest)
    if not target.is_dir():
        copytree(bundle.path, target)
    previous = None if before is None else folder.record(before)
    model = PublishedModel("movies", version, bundle.digest)
    folder.write_pointer(Pointer(model, previous, datetime.now(UTC).isoformat()))


def children(pid: int) -> set[int]:
    """The processes whose parent is ``pid``."""
    found = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = (line.split() for line in found.stdout.splitlines())
    return {int(child) for child, parent in pairs if int(parent) == pid}


def lives(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has buried does not."""
    found = subprocess.run(
        ["ps", "-p", str(pid), "-o", "stat="], capture_output=True, text=True, check=False
    )
    return bool(found.stdout.strip()) and not found.stdout.startswith("Z")


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_for(condition: Callable[[], object], explain: Callable[[], str] = str) -> None:
    """Wait until a condition holds; fail after `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
