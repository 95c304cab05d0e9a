r"""How fast the SVD trains against scikit-surprise's, from the file to the factors.

    python -m benchmarks.svd_speed --users 44840 --movies 8617 --ratings 2400000 --factors 100 \
        --epochs 15 --check

Ratings of a known latent structure are made under ``var/bench/`` first, which does not count, and
a tenth of them is held out. Surprise and ours, on one thread and on two, then learn the same model
with the same options from the same file, each in an interpreter of its own. ``total`` is the time
to load the file, to build the training set, to compile and to fit; imports stand beside it, and
``peak_mb`` is the largest resident set. Ours compiles into an empty cache, in the run with two
threads while the training set is built; the last run, which no check looks at, finds the cache
filled. Where ``cpu`` of the two threads is about their ``total``, other processes had a core.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.ingest import distinct_pairs
from benchmarks.report import Check, at_least, at_most, emit, peak_mb, say
from recommender.scale import RatingScale
from recommender.schema import MOVIE_DTYPES, RATING_DTYPES, Dataset

ROOT = Path(__file__).resolve().parents[1]

_SEED = 20240615
#: 9 January 1995, in seconds since 1970, and the longest gap between two ratings.
_FIRST, _GAP = 789_609_600, 600
_SCALE = RatingScale()
_TASTES, _SPREAD = 8, 0.4
_NOISE = 0.8
_FASTER = {"one_thread": 10.0, "two_threads": 20.0}
_RMSE_MARGIN = 0.002
_RUNS = ("surprise", "one_thread", "two_threads", "two_threads_cached")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.measure:
        print(json.dumps(measure(options.measure, options)))
        return 0
    options.folder = make_ratings(options.folder, options.ratings, options.users, options.movies)
    keys = ("users", "movies", "ratings", "factors", "epochs")
    figures: dict[str, Any] = {key: getattr(options, key) for key in keys}
    with tempfile.TemporaryDirectory() as caches:
        for run in _RUNS:
            say(f"training: {run}")
            cache = Path(caches) / run.removesuffix("_cached")
            figures[run] = _in_subprocess(options, run, cache)
    figures["times_faster"] = {
        run: round(figures["surprise"]["seconds"]["total"] / figures[run]["seconds"]["total"], 1)
        for run in _RUNS[1:]
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
    command = [sys.executable, "-m", "benchmarks.svd_speed", "--measure", run]
    for key in ("folder", "factors", "epochs", "users", "movies"):
        command += [f"--{key}", str(getattr(options, key))]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    start = time.perf_counter()
    answer = subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    figures: dict[str, Any] = json.loads(answer.stdout)
    figures["seconds"]["process"] = round(time.perf_counter() - start, 2)
    return figures


class _Clock:
    """Seconds by phase, and of all since the imports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start, self._cpu = time.perf_counter(), time.process_time()

    def imported(self) -> None:
        self.seconds["import"] = time.perf_counter() - self._start
        self._start, self._cpu = time.perf_counter(), time.process_time()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def report(self) -> dict[str, float]:
        self.seconds["total"] = time.perf_counter() - self._start
        self.seconds["cpu"] = time.process_time() - self._cpu
        return {key: round(value, 3) for key, value in self.seconds.items()}


def measure(run: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train once and return seconds by phase, RMSE on the held-out tenth and peak memory."""
    clock = _Clock()
    if run == "surprise":
        predict = _train_surprise(clock, options)
    else:
        predict = _train_ours(clock, options, 1 if run == "one_thread" else 2)
    seconds, peak = clock.report(), peak_mb()
    test = pd.read_parquet(options.folder / "test.parquet")
    errors = _SCALE.clip(predict(test)) - test["rating"].to_numpy(np.float64)
    return {
        "seconds": seconds,
        "test_rmse": round(math.sqrt(float(np.mean(errors**2))), 5),
        "peak_mb": peak,
    }


Predict = Callable[[pd.DataFrame], npt.NDArray[np.float64]]


def _train_surprise(clock: _Clock, options: argparse.Namespace) -> Predict:
    import surprise  # noqa: PLC0415  # counted

    clock.imported()
    with clock.phase("load"):
        frame = pd.read_parquet(options.folder / "train.parquet")
    with clock.phase("build"):
        reader = surprise.Reader(rating_scale=(_SCALE.minimum, _SCALE.maximum))
        columns = frame[["user_id", "movie_id", "rating"]]
        trainset = surprise.Dataset.load_from_df(columns, reader).build_full_trainset()
    with clock.phase("fit"):
        algorithm = surprise.SVD(
            n_factors=options.factors, n_epochs=options.epochs, random_state=_SEED
        ).fit(trainset)

    def predict(test: pd.DataFrame) -> npt.NDArray[np.float64]:
        pairs = zip(test["user_id"].tolist(), test["movie_id"].tolist(), strict=True)
        return np.array([algorithm.predict(*pair).est for pair in pairs])

    return predict


def _train_ours(clock: _Clock, options: argparse.Namespace, n_threads: int) -> Predict:
    from recommender.models import gradient_descent  # noqa: PLC0415  # counted
    from recommender.models.indexed import IndexedRatings  # noqa: PLC0415
    from recommender.models.ratings_by_user import RatingsByUser  # noqa: PLC0415

    clock.imported()
    settings = gradient_descent.SGDSettings(options.factors, options.epochs, n_threads=n_threads)
    with ThreadPoolExecutor(1) as pool:
        compiled = pool.submit(_prepare, gradient_descent.prepare, settings, clock)
        if n_threads == 1:
            compiled.result()
        with clock.phase("load"):
            frame = pd.read_parquet(options.folder / "train.parquet")
        with clock.phase("build"):
            catalogue = _movies(options.movies)
            data = IndexedRatings.of(Dataset("made", "0" * 64, frame, catalogue, scale=_SCALE))
            ratings = RatingsByUser.of(data)
            start = gradient_descent.draw_factors(ratings, settings, _SEED)
    with clock.phase("fit"):
        estimates = gradient_descent.train(ratings, settings, _SEED, start=start).estimates

    def predict(test: pd.DataFrame) -> npt.NDArray[np.float64]:
        users = data.user_index.positions(test["user_id"].to_numpy())
        return estimates.pairs(users, data.movie_index.positions(test["movie_id"].to_numpy()))

    return predict


def _prepare(prepare: Callable[[Any], None], settings: Any, clock: _Clock) -> None:
    with clock.phase("compile"):
        prepare(settings)


def _movies(n_movies: int) -> pd.DataFrame:
    ids = np.arange(1, n_movies + 1)
    return pd.DataFrame({"movie_id": ids, "title": "", "year": None, "genres": ""}).astype(
        MOVIE_DTYPES
    )


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
    parser.add_argument("--measure", choices=_RUNS, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
