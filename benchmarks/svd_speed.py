r"""How fast the SVD trains against scikit-surprise's, from the file to the factors.

    python -m benchmarks.svd_speed --users 44840 --movies 8617 --ratings 2400000 --factors 100 \
        --epochs 15 --check

Ratings of a known latent structure are made under ``var/bench/`` first, which does not count, and
a tenth of them is held out. Surprise and ours, on one thread and on two, then learn the same model
with the same options from the same file, each in an interpreter of its own (`svd_training`).
``total`` is the time from the call of the interpreter to the factors: start and imports, loading
the file, building the training set, and the fit; ``peak_mb`` is the largest resident set. Ours
finds the kernels compiled, as they are once ``make`` has set up the environment (``compilation``
says what that took); the last run, which no check looks at, compiles them into an empty cache.
Where ``cpu`` of the two threads is about their ``total``, other processes had a core.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.ingest import distinct_pairs
from benchmarks.report import Check, at_least, at_most, emit, say
from benchmarks.svd_training import RUNS
from recommender.scale import RatingScale
from recommender.schema import RATING_DTYPES

ROOT = Path(__file__).resolve().parents[1]

_SEED = 20240615
#: 9 January 1995, in seconds since 1970, and the longest gap between two ratings.
_FIRST, _GAP = 789_609_600, 600
_SCALE = RatingScale()
_TASTES, _SPREAD = 8, 0.4
_NOISE = 0.8
_FASTER = {"one_thread": 10.0, "two_threads": 20.0}
_RMSE_MARGIN = 0.002
_COMPILE = "recommender.models.compilation"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    options.folder = make_ratings(options.folder, options.ratings, options.users, options.movies)
    keys = ("users", "movies", "ratings", "factors", "epochs")
    figures: dict[str, Any] = {key: getattr(options, key) for key in keys}
    with tempfile.TemporaryDirectory() as caches:
        filled, empty = Path(caches) / "filled", Path(caches) / "empty"
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", _COMPILE], **_environment(filled), check=True)
        figures["compilation"] = {"seconds": round(time.perf_counter() - start, 2)}
        for run in RUNS:
            say(f"training: {run}")
            figures[run] = _in_subprocess(options, run, empty if "compiling" in run else filled)
    figures["times_faster"] = {
        run: round(figures["surprise"]["seconds"]["total"] / figures[run]["seconds"]["total"], 1)
        for run in RUNS[1:]
    }
    return emit(figures, promises(figures), check=options.check)


def promises(figures: dict[str, Any]) -> list[Check]:
    """Return what ours promises against Surprise: speed, and the same RMSE."""
    checks = []
    for run, bound in _FASTER.items():
        apart = abs(figures[run]["test_rmse"] - figures["surprise"]["test_rmse"])
        checks.append(at_least(f"{run}: times faster", figures["times_faster"][run], bound))
        checks.append(at_most(f"{run}: rmse apart", round(apart, 5), _RMSE_MARGIN))
    return checks


def make_ratings(base: Path, n_ratings: int, n_users: int, n_movies: int) -> Path:
    """Return a folder with ``train.parquet`` and ``test.parquet``, made unless they are there.

    Stars are a level, biases and `_TASTES` products of taste and character, with noise, rounded
    to the scale. Rows stand in the order of their moments, as in a log.
    """
    folder = base / f"svd-{n_ratings}-{n_users}-{n_movies}"
    if folder.is_dir():
        return folder
    say(f"making {n_ratings:,} ratings in {folder}")
    rng = np.random.default_rng(_SEED)
    pairs = rng.permutation(distinct_pairs(rng, n_ratings, n_users, n_movies))
    users, movies = np.divmod(pairs, n_movies)
    columns = (
        users + 1,
        movies + 1,
        _stars(rng, users, movies, n_users, n_movies),
        _FIRST + np.cumsum(rng.integers(1, _GAP, n_ratings)),
    )
    frame = pd.DataFrame(dict(zip(RATING_DTYPES, columns, strict=True))).astype(RATING_DTYPES)
    held_out = rng.random(n_ratings) < 0.1  # noqa: PLR2004 - a tenth
    work = folder.with_name(f".{folder.name}")
    work.mkdir(parents=True, exist_ok=True)
    frame[~held_out].to_parquet(work / "train.parquet", index=False)
    frame[held_out].to_parquet(work / "test.parquet", index=False)
    work.rename(folder)
    return folder


def _stars(
    rng: np.random.Generator,
    users: npt.NDArray[np.int64],
    movies: npt.NDArray[np.int64],
    n_users: int,
    n_movies: int,
) -> npt.NDArray[np.float64]:
    taste, character = (rng.normal(0.0, _SPREAD, (n, _TASTES)) for n in (n_users, n_movies))
    user_bias, movie_bias = (rng.normal(0.0, _SPREAD, n) for n in (n_users, n_movies))
    level = 3.5 + user_bias[users] + movie_bias[movies]
    for one, other in zip(taste.T, character.T, strict=True):
        level += one[users] * other[movies]
    level += rng.normal(0.0, _NOISE, users.size)
    return np.asarray(_SCALE.clip(np.round(level / _SCALE.step) * _SCALE.step), np.float64)


def _in_subprocess(options: argparse.Namespace, run: str, cache: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.svd_training", run]
    for key in ("folder", "factors", "epochs"):
        command += [f"--{key}", str(getattr(options, key))]
    command += ["--seed", str(_SEED), "--called", repr(time.time())]
    answer = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, **_environment(cache)
    )
    figures: dict[str, Any] = json.loads(answer.stdout)
    return figures


def _environment(cache: Path) -> dict[str, Any]:
    return {"cwd": ROOT, "env": {**os.environ, "NUMBA_CACHE_DIR": str(cache)}}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.svd_speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--users", type=int, default=44_840)
    parser.add_argument("--movies", type=int, default=8_617)
    parser.add_argument("--ratings", type=int, default=2_400_000)
    parser.add_argument("--factors", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
