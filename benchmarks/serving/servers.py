"""Servers for measuring: started on free ports, ended by process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What a process with one thread is started with.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_PATIENCE = 300.0
_OK = 200


@dataclass(frozen=True)
class Running:
    """A server that runs.

    Attributes:
        process: What was started.
        port: Where it listens on 127.0.0.1.
        folder: Its state folder.
    """

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def workers(self) -> list[int]:
        """Return the processes that answer: those without children, but for the profiler."""
        return [pid for pid in leaves(self.process.pid) if not _is_profiler(pid)]

    def processor_seconds(self) -> float:
        """Return the processor's time that the workers have taken so far."""
        ticks = 0
        for pid in self.workers():
            # After the name, which may hold anything, come eleven numbers and the two wanted.
            numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(numbers[11]) + int(numbers[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    folder: Path,
    command: Sequence[str],
    *,
    ready: str,
    environ: Mapping[str, str] | None = None,
    port: int | None = None,
    base: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Start a server, wait until it answers, and end it.

    Args:
        folder: Its state folder.
        command: Arguments of Python.
        ready: Path that answers 200 when it is ready.
        environ: Variables to add.
        port: Where it listens; free unless given.
        base: Variables to add to; those of this process unless given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    variables = {
        **(os.environ if base is None else base),
        "MOVIE_ROULETTE_VAR": str(folder),
        "MOVIE_ROULETTE_WEB__PORT": str(port),
        **(environ or {}),
    }
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=variables,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = Running(process, port, folder)
    try:
        wait_until_ready(server, ready)
        yield server
    finally:
        end(process)


def start_server(folder: Path, **environ: str) -> AbstractContextManager[Running]:
    """Start the server as `make serve` does, without the publisher, over a state folder."""
    command = ("-m", "serving", "--without-publisher")
    return running(folder, command, ready="/health/ready", environ=environ)


def start_bare(folder: Path) -> AbstractContextManager[Running]:
    """Start the bare endpoint under the server's gunicorn."""
    return running(folder, ("-m", "benchmarks.serving.bare"), ready="/bare/1", environ=ONE_THREAD)


def wait_until_ready(server: Running, path: str) -> None:
    """Wait until a path answers 200.

    Raises:
        RuntimeError: The server ended, or did not answer in time.
    """
    deadline = time.monotonic() + _PATIENCE
    while not answers(server.port, path):
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start; see {server.folder / 'log.txt'}")
        time.sleep(0.02)


def answers(port: int, path: str) -> bool:
    """Return whether a path answers 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == _OK)
    except (OSError, urllib.error.URLError):
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server, and whatever it has started."""
    family = {process.pid, *descendants(process.pid)}
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
    for pid in family - {process.pid}:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def descendants(pid: int) -> list[int]:
    """Return the processes that ``pid`` has started, and those that they have."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="],  # noqa: S607 - where it is differs between systems
        capture_output=True,
        text=True,
        check=True,
    )
    parents = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    found = [pid]
    for known in found:
        found += [child for child, parent in parents if parent == known]
    return found[1:]


def leaves(pid: int) -> list[int]:
    """Return the descendants of ``pid`` that have started nothing."""
    return [found for found in descendants(pid) if not descendants(found)]


def _is_profiler(pid: int) -> bool:
    try:
        return b"monitoring.profile" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
