"""A real PostgreSQL of the test run's own, on a free loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@dataclass
class PostgreSQL:
    """A server that is started and stopped.

    Attributes:
        programs: Folder of its programs.
        folder: Where its cluster is.
        port: The loopback port it listens on.
    """

    programs: Path
    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """Its address as in ``EVENTS_URL``."""
        return f"postgresql://tester@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        settings = (f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        # The machine does not crash in these tests, so the server need not wait for its disk.
        settings += ("fsync=off", "max_connections=60", "shared_buffers=32MB")
        options = [part for setting in settings for part in ("-c", setting)]
        log = (self.folder / "server.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "cluster", *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_unprivileged(),
            )
        self._wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=30)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        message = (self.folder / "server.log").read_text(encoding="utf-8")
        raise AssertionError(f"PostgreSQL does not start:\n{message}")


@contextmanager
def running_postgresql(programs: Path) -> Iterator[PostgreSQL]:
    """Make a cluster, start a server on it, and remove both at the end."""
    folder = Path(tempfile.mkdtemp(prefix="movie-roulette-postgresql-"))
    try:
        if account := _unprivileged():
            os.chown(folder, account["user"], account["group"])
        subprocess.run(
            [
                *(programs / "initdb", "--no-sync", "-D", folder / "cluster", "-U", "tester"),
                *("--auth=trust", "--encoding=UTF8", "--locale=C"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **_unprivileged(),
        )
        server = PostgreSQL(programs, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, or ``None`` where it is not installed."""
    on_path = shutil.which("initdb")
    found = ([Path(on_path).resolve().parent] if on_path else []) + _debian()
    return next((folder for folder in found if (folder / "postgres").exists()), None)


def _debian() -> list[Path]:
    """Debian keeps the programs of each version apart, and off the path."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _unprivileged() -> dict[str, int]:
    """Return the account to run as: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}
