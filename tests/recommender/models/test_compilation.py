from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import environment

TRAIN = """
import numpy as np
from recommender.models.gradient_descent import SGDSettings, train
from recommender.models.ratings_by_user import RatingsByUser
from recommender.models.sgd_kernels import svd_kernel
one = np.zeros(1, dtype=np.int64)
train(RatingsByUser.of_columns(one, one, np.ones(1), 1, 1), SGDSettings(n_threads=2), 1)
print(sum(svd_kernel().stats.cache_misses.values()), "pandas" in __import__("sys").modules)
"""


def test_training_finds_what_was_compiled_and_loads_no_frames(repo: Path, tmp_path: Path) -> None:
    state = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(repo)}
    command = [sys.executable, "-m", "environment", "compile-kernels"]
    subprocess.run(command, cwd=repo, env=state, check=True)
    assert {file.name.split("-")[0] for file in tmp_path.rglob("*.nbi")} == {
        "sgd_kernels._svd_epoch",
        "sgd_kernels._svd_plus_plus_epoch",
        "top_ten._ndcg_of_sums",
    }
    told = subprocess.check_output([sys.executable, "-c", TRAIN], cwd=repo, env=state, text=True)
    assert told.split() == ["0", "False"]


def test_make_compiles_with_the_environment(repo: Path) -> None:
    assert "WARM = $(BIN)/python -m environment compile-kernels" in (repo / "Makefile").read_text()
    assert "compile-kernels" in environment.USAGE
