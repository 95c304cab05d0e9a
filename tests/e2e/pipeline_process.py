"""Runs the command line as its users do: in a process of its own, with state of its own.

Most of a short run is the loading of libraries, so over a state folder that is `warm` runs are
forked from a process that has loaded them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environment

REPO = Path(__file__).resolve().parents[2]
TIMEOUT = 240
_LOOK_SECONDS = 0.02
#: Compiled code that all runs of a test session share.
NUMBA_CACHE = environment.state_dir() / "numba-of-runs"


@dataclass(frozen=True)
class Finished:
    """A command line that ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.stdout)


class Run:
    """A command line that runs; its output goes to a folder."""

    def __init__(self, folder: Path, pid: int, status: Callable[[], int | None]) -> None:
        self._folder = folder
        self._pid = pid
        self._status = status

    @property
    def stderr(self) -> str:
        """What it has said to people so far."""
        # A character may be half written.
        return (self._folder / "stderr").read_text(errors="replace")

    def wait_until_it_says(self, words: str) -> None:
        wait_for(lambda: words in self.stderr or self._status() is not None)

    def send_signal(self, number: int) -> None:
        os.kill(self._pid, number)

    def finish(self, timeout: float = TIMEOUT) -> Finished:
        wait_for(lambda: self._status() is not None, timeout)
        code = self._status()
        assert code is not None
        return Finished(code, (self._folder / "stdout").read_text(), self.stderr)


class WarmProcess:
    """A process that has loaded everything and forks runs over one state folder."""

    def __init__(self, var: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(REPO / "tests" / "e2e" / "warm_process.py")],
            cwd=REPO,
            env=process_environment(var),
            stdin=subprocess.PIPE,
            text=True,
        )

    def start(self, module: str, arguments: tuple[str, ...]) -> Run:
        folder = new_folder()
        asked = {"module": module, "arguments": arguments, "folder": str(folder)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        wait_for(lambda: (folder / "pid").exists() or self._process.poll() is not None)
        return Run(folder, int((folder / "pid").read_text()), lambda: _status_in(folder))

    def close(self) -> None:
        self._process.communicate(timeout=TIMEOUT)


#: The process of each state folder that is warm.
_WARM: dict[Path, WarmProcess] = {}


@contextmanager
def warm(var: Path) -> Iterator[None]:
    """Fork what runs over ``var`` from a process that has loaded everything."""
    _WARM[var] = WarmProcess(var)
    try:
        yield
    finally:
        _WARM.pop(var).close()


def process_environment(var: Path) -> dict[str, str]:
    """The environment of a user whose state folder is ``var``.

    MLflow's own settings stay behind: it writes the registry that a process connected to into the
    environment, where children would inherit it.
    """
    dropped = environment.defaults(var).keys()
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in dropped and not key.startswith("MLFLOW_")
    }
    own = {"MOVIE_ROULETTE_VAR": str(var), "NUMBA_CACHE_DIR": str(NUMBA_CACHE)}
    return {**kept, **own, "PYTHONPATH": str(REPO)}


def start(var: Path, *arguments: str, module: str = "run_pipeline") -> Run:
    """Start the command line, or another module with a ``main`` over a folder that is warm."""
    if var in _WARM:
        return _WARM[var].start(module, arguments)
    folder = new_folder()
    with (folder / "stdout").open("w") as stdout, (folder / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, str(REPO / f"{module}.py"), *arguments],
            cwd=REPO,
            env=process_environment(var),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    return Run(folder, process.pid, process.poll)


def run(var: Path, *arguments: str, module: str = "run_pipeline") -> Finished:
    return start(var, *arguments, module=module).finish()


def small_run(var: Path, data: Path, *arguments: str) -> Finished:
    """A training run that is quick: few factors, epochs and folds."""
    return run(var, "--dataset", "small", "--data-path", str(data), *QUICK, *arguments)


def new_folder() -> Path:
    """A folder for the output of a run; it goes with the state of the test run."""
    return Path(tempfile.mkdtemp(prefix="run-", dir=environment.state_dir()))


def wait_for(condition: Callable[[], bool], timeout: float = TIMEOUT) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the run takes too long"
        time.sleep(_LOOK_SECONDS)


def _status_in(folder: Path) -> int | None:
    file = folder / "status"
    return int(file.read_text()) if file.exists() else None


#: Settings that make training quick without leaving anything out.
QUICK = (
    *("--set", "model.n_factors=5", "--set", "model.n_epochs=5"),
    *("--set", "model.nmf_epochs=5", "--set", "model.fm_iterations=5"),
    *("--set", "model.fm_blend_iterations=3", "--set", "model.ranking_cuts=1"),
    *("--set", "model.ranking_folds=1", "--set", "model.ials_epochs=3"),
    *("--set", "evaluation.bootstrap_samples=50", "--set", "gate.max_rmse=5.0"),
    *("--set", "gate.min_ndcg=0.0"),
)
