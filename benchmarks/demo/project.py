"""The project in a state folder of its own: its commands, its server, and what they leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environment
from benchmarks.report import say
from benchmarks.serving.servers import Running, running
from recommender.publication import PublishedFolder


@dataclass(frozen=True)
class Command:
    """How a command of the project ended.

    Attributes:
        code: Its exit status.
        result: What it printed as JSON.
    """

    code: int
    result: dict[str, Any]


@dataclass(frozen=True)
class Project:
    """The project with a state folder of its own.

    Attributes:
        folder: The state folder.
        period_seconds: Length of a window of traffic.
    """

    folder: Path
    period_seconds: int

    def variables(self) -> dict[str, str]:
        """Return the environment of its commands: the caller's stores are not touched."""
        own = environment.defaults(self.folder)
        kept = {key: value for key, value in os.environ.items() if key not in own}
        return {
            **kept,
            "MOVIE_ROULETTE_VAR": str(self.folder),
            # What is compiled does not depend on the state.
            "NUMBA_CACHE_DIR": os.environ.get(
                "NUMBA_CACHE_DIR", str(environment.state_dir() / "numba")
            ),
            "MOVIE_ROULETTE_PROFILING__PERIOD_SECONDS": str(self.period_seconds),
            "MOVIE_ROULETTE_PROFILING__PIECE_SECONDS": "2",
        }

    def run(self, *arguments: str) -> Command:
        """Run ``run_pipeline.py`` to its end; its log stays in the folder."""
        command = [sys.executable, "run_pipeline.py", *arguments, "--json"]
        say(f"run_pipeline.py {' '.join(arguments)}")
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "pipelines.log").open("a") as log:
            done = subprocess.run(
                command,
                cwd=environment.ROOT,
                env=self.variables(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=False,
            )
        return Command(done.returncode, json.loads(done.stdout))

    @contextmanager
    def served(self) -> Iterator[Running]:
        """Run the server with its publisher and profiler."""
        variables = self.variables()
        with running(
            self.folder, ("-m", "serving"), ready="/health/ready", base=variables
        ) as server:
            yield server

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that were raised."""
        file = self.folder / "alerts" / "alerts.jsonl"
        if not file.is_file():
            return []
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    @property
    def production(self) -> str:
        """Digest of the bundle that is published, empty without one."""
        pointer = PublishedFolder(self.folder / "published").pointer()
        return "" if pointer is None else pointer.production.digest


def served_version(port: int) -> str | None:
    """Return the version with which a server answers, ``None`` where it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            version: str | None = json.load(answer)["model_version"]
            return version
    except (OSError, ValueError):
        return None


def poison(source: Path, target: Path) -> None:
    """Copy a data set whose stars a broken export has doubled."""
    target.mkdir(parents=True, exist_ok=True)
    for file in source.glob("*.csv"):
        (target / file.name).write_bytes(file.read_bytes())
    head, *rows = (source / "ratings.csv").read_text(encoding="utf-8").splitlines()
    doubled = [",".join(_doubled(row.split(","))) for row in rows]
    (target / "ratings.csv").write_text("\n".join([head, *doubled]) + "\n", encoding="utf-8")


def _doubled(cells: Sequence[str]) -> list[str]:
    user, movie, stars, time = cells
    return [user, movie, str(2.0 * float(stars)), time]
