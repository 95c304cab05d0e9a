"""Time and memory of reading, cleaning and validating tens of millions of ratings.

    python -m benchmarks.ingest --ratings 25000000 --users 162000 --movies 59000 --validate

Synthetic ratings in MovieLens's CSV layout are made under ``var/bench/`` first, which does not
count; each measurement then runs in an interpreter of its own, and its peak is the largest
resident set of that process. Where ``seconds`` is well above ``cpu_seconds``, other processes
had the cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from benchmarks.report import at_most, emit, peak_mb, say
from recommender.data.source import Source, read_dataset

ROOT = Path(__file__).resolve().parents[1]

_SECONDS = 20.0
_PEAK_MB = 2500.0
_SEED = 20240615
#: 9 January 1995 and 21 November 2019, the span of ml-25m, in seconds since 1970.
FIRST, LAST = 789_609_600, 1_574_294_400
ROWS_A_WRITE = 2_000_000
Columns = tuple[npt.NDArray[np.number], ...]
_GENRES = np.array(["Action", "Comedy|Romance", "Drama", "Horror|Thriller", "Documentary"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.measure:
        print(json.dumps(_measure(options.measure, validate=options.validate)))
        return 0
    folder = make_ratings(options.folder, options.ratings, options.users, options.movies)
    say("reading and cleaning in a fresh interpreter")
    figures = {"ratings": options.ratings, "users": options.users, "movies": options.movies}
    figures["file_mb"] = round((folder / "ratings.csv").stat().st_size / 1e6, 1)
    figures["ingest"] = _in_subprocess(folder)
    if options.validate:
        say("the same with validation, in another")
        figures["ingest_and_validation"] = _in_subprocess(folder, "--validate")
    checks = [
        at_most("ingest_seconds", figures["ingest"]["seconds"], _SECONDS),
        at_most("ingest_peak_mb", figures["ingest"]["peak_mb"], _PEAK_MB),
    ]
    return emit(figures, checks, check=options.check)


def make_ratings(base: Path, n_ratings: int, n_users: int, n_movies: int) -> Path:
    """Return a folder with that many ratings, made unless it is already there.

    Pairs are distinct, movies are drawn by a power law and users by a log-normal, rows stand in
    the order of MovieLens: by user, then movie.
    """

    def fill(work: Path) -> None:
        rng = np.random.default_rng(_SEED)
        _write_movies(work / "movies.csv", n_movies)
        _write_ratings(
            work / "ratings.csv", rng, distinct_pairs(rng, n_ratings, n_users, n_movies), n_movies
        )

    return make_once(base / f"ratings-{n_ratings}-{n_users}-{n_movies}", n_ratings, fill)


def make_once(folder: Path, n_ratings: int, fill: Callable[[Path], None]) -> Path:
    """Return ``folder`` with what ``fill`` writes into it, made whole unless it is there."""
    if folder.is_dir():
        return folder
    say(f"making {n_ratings:,} ratings in {folder}")
    work = folder.with_name(f".{folder.name}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    fill(work)
    work.rename(folder)
    return folder


def distinct_pairs(
    rng: np.random.Generator, n_ratings: int, n_users: int, n_movies: int
) -> npt.NDArray[np.int64]:
    """Return shape (n_ratings,): distinct ``user * n_movies + movie``, sorted."""
    activity = rng.lognormal(0.0, 1.1, n_users).cumsum()
    popularity = (1.0 / (np.arange(n_movies) + 50.0)).cumsum()
    pairs = np.empty(0, dtype=np.int64)
    while len(pairs) < n_ratings:
        n_draws = int(1.1 * (n_ratings - len(pairs))) + 1000
        users = np.searchsorted(activity, rng.random(n_draws) * activity[-1])
        movies = np.searchsorted(popularity, rng.random(n_draws) * popularity[-1])
        pairs = np.unique(np.concatenate([pairs, users * n_movies + movies]))
        say(f"  {len(pairs):,} pairs")
    keep = np.ones(len(pairs), dtype=bool)
    keep[rng.choice(len(pairs), len(pairs) - n_ratings, replace=False)] = False
    return pairs[keep]


def _write_ratings(
    path: Path, rng: np.random.Generator, pairs: npt.NDArray[np.int64], n_movies: int
) -> None:
    def batches() -> Iterator[Columns]:
        for start in range(0, len(pairs), ROWS_A_WRITE):
            users, movies = np.divmod(pairs[start : start + ROWS_A_WRITE], n_movies)
            ratings = np.clip(np.round(rng.normal(7.0, 2.1, len(users))), 1, 10) / 2
            yield users + 1, movies + 1, ratings, rng.integers(FIRST, LAST, len(users))

    write_rows(path, batches())


def write_rows(path: Path, batches: Iterable[Columns]) -> None:
    """Write batches of user ids, movie ids, stars and timestamps as MovieLens's ``ratings.csv``."""
    names = ["userId", "movieId", "rating", "timestamp"]
    schema = pa.schema(zip(names, [pa.int32(), pa.int32(), pa.float32(), pa.int64()], strict=True))
    options = pa_csv.WriteOptions(quoting_style="none")
    written = 0
    with pa_csv.CSVWriter(path, schema, write_options=options) as writer:
        for columns in batches:
            writer.write_table(
                pa.table(
                    [pa.array(c, t.type) for c, t in zip(columns, schema, strict=True)], schema
                )
            )
            written += len(columns[0])
            say(f"  {written:,} written")


def _write_movies(path: Path, n_movies: int) -> None:
    ids = np.arange(1, n_movies + 1)
    titles = [f"Film {movie_id} ({1920 + movie_id % 100})" for movie_id in ids.tolist()]
    genres = _GENRES[ids % len(_GENRES)]
    pa_csv.write_csv(pa.table({"movieId": ids, "title": titles, "genres": genres}), path)


def _in_subprocess(folder: Path, *flags: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.ingest", "--measure", str(folder), *flags]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(answer.stdout)
    return figures


def _measure(folder: Path, *, validate: bool) -> dict[str, Any]:
    """Read ``folder``, and validate it if asked; seconds and peak so far in MB."""
    before = peak_mb()
    start, cpu_start = time.perf_counter(), time.process_time()
    dataset = read_dataset(Source("benchmark", folder))
    figures: dict[str, Any] = {
        "seconds": round(time.perf_counter() - start, 2),
        "cpu_seconds": round(time.process_time() - cpu_start, 2),
        "peak_mb": peak_mb(),
        "interpreter_mb": before,
        "rows": len(dataset.ratings),
        "frame_mb": round(dataset.ratings.memory_usage().sum() / 1e6, 1),
    }
    if validate:
        from expectations.validation import validate as run_suites  # noqa: PLC0415  # heavy

        start = time.perf_counter()
        run_suites(dataset)
        figures["validation_seconds"] = round(time.perf_counter() - start, 2)
        figures["peak_mb_with_validation"] = peak_mb()
    return figures


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--ratings", type=int, default=25_000_000)
    parser.add_argument("--users", type=int, default=162_000)
    parser.add_argument("--movies", type=int, default=59_000)
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--validate", action="store_true", help="measure validation as well")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bound is exceeded")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
