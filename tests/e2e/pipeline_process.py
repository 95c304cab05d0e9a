"""Runs the command line as its users do: in a process of its own, with state of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environment

REPO = Path(__file__).resolve().parents[2]
TIMEOUT = 240
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


def start(var: Path, *arguments: str, script: str = "run_pipeline.py") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(REPO / script), *arguments],
        cwd=REPO,
        env=process_environment(var),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> Finished:
    stdout, stderr = process.communicate(timeout=TIMEOUT)
    return Finished(process.returncode, stdout, stderr)


def run(var: Path, *arguments: str, script: str = "run_pipeline.py") -> Finished:
    return finish(start(var, *arguments, script=script))


def small_run(var: Path, data: Path, *arguments: str, **options: str) -> Finished:
    """A training run that is quick: few factors, epochs and folds."""
    return run(var, "--dataset", "small", "--data-path", str(data), *QUICK, *arguments, **options)


#: Settings that make training quick without leaving anything out.
QUICK = (
    *("--set", "model.n_factors=5", "--set", "model.n_epochs=5"),
    *("--set", "model.nmf_epochs=5", "--set", "model.fm_iterations=5"),
    *("--set", "model.fm_blend_iterations=3", "--set", "model.ranking_cuts=1"),
    *("--set", "model.ranking_folds=1", "--set", "model.ials_epochs=3"),
    *("--set", "evaluation.bootstrap_samples=50", "--set", "gate.max_rmse=5.0"),
    *("--set", "gate.min_ndcg=0.0"),
)
