"""A real Redis of the test run's own, on a free loopback port, with nothing on disk."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisGone

from tests.serving.running import PATIENCE, free_port


@dataclass
class RedisServer:
    """A server that is started and stopped."""

    program: str
    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """Its address as in ``web.rate_storage``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "")
        self._process = subprocess.Popen(
            [self.program, *options, "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, "Redis ended"
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Let it take connections and answer nothing, as a machine that is lost does."""
        self._process.send_signal(signal.SIGSTOP)

    def empty(self) -> None:
        with Redis(port=self.port) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with Redis(port=self.port) as client:
                return bool(client.ping())
        except RedisGone:
            return False


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Start a server and end it, or skip where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs Redis: install Debian's package redis-server")
    server = RedisServer(program, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
