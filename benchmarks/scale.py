"""Time and memory from a file of ratings to a bundle, for one million ratings to 25 million.

    python -m benchmarks.scale --ratings 25000000
    python -m benchmarks.scale --ratings 1000000 5000000 25000000

Synthetic ratings with tastes in them are made under ``var/bench/`` first, which does not count.
Each size is then measured in an interpreter of its own: reading, cleaning, the default hybrid of
``params.yaml`` on all but the latest ratings, and the bundle written and opened again. Peak memory
is the largest resident set of that process, which has no children, mapped files included. What is
held out, about one rating in a hundred, tells whether the model has learned anything.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from benchmarks.report import Check, at_least, at_most, emit, peak_mb, say
from benchmarks.tastes import make_tasteful_ratings
from recommender.bundle import Bundle, CodeState, open_bundle
from recommender.data.source import Source, read_dataset
from recommender.data.splitting import split_dataset
from recommender.evaluation.ranking import mark_hits, ndcg_at_k
from recommender.evaluation.rating import rmse
from recommender.inference.part import Part
from recommender.inference.recommender import Recommender
from recommender.models.stages import Stage
from recommender.models.training import bundle_model, train_hybrid
from recommender.schema import CleaningReport, Dataset, Split
from recommender.settings import Params, SplitParams, read_settings

ROOT = Path(__file__).resolve().parents[1]

_SECONDS = 180.0
_PEAK_MB = 6000.0
#: The size for which both are promised, and its users and movies, those of ml-25m.
_RATINGS, _USERS, _MOVIES = 25_000_000, 162_000, 59_000
#: Seconds may grow with this power of the number of ratings.
_GROWTH = 1.1
#: Latest ratings that are held out; validation ratings have no use here but must be some.
_TEST_SHARE, _VALIDATION_SHARE = 0.01, 0.001
#: Users whose lists are judged.
_JUDGED = 1000
_K = 10
_LIKED = 4.0
_SAMPLE_SECONDS = 0.05
_MEGABYTE = 1e6
_PAGE = os.sysconf("SC_PAGE_SIZE")

T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return 0
    sizes = {str(n): _measured(n, options) for n in sorted(options.ratings)}
    figures: dict[str, Any] = {"sizes": sizes}
    if len(sizes) > 1:
        figures["growth"] = growth(sizes)
    return emit(figures, promises(figures), check=options.check)


def promises(figures: Mapping[str, Any]) -> list[Check]:
    """Return what is promised, held against ``figures``: of the largest size, and of growth."""
    largest = list(figures["sizes"].values())[-1]
    quality = largest["quality"]
    checks = [
        at_most("file_to_bundle_seconds", largest["seconds"], _SECONDS),
        at_most("peak_mb", largest["peak_mb"], _PEAK_MB),
        at_most("hybrid_rmse", quality["rmse"]["hybrid"], quality["rmse"]["bias"]),
        at_least(
            "hybrid_ndcg_at_10",
            quality["ndcg_at_10"]["hybrid"],
            quality["ndcg_at_10"]["popularity"],
        ),
    ]
    if "growth" in figures:
        checks.append(at_most("growth_power", figures["growth"]["power"], _GROWTH))
    return checks


def growth(sizes: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return the power of the number of ratings with which seconds grow, least to largest size.

    >>> growth({"10": {"seconds": 2.0}, "1000": {"seconds": 200.0}})["power"]
    1.0
    """
    least, *_, largest = sizes
    times = sizes[largest]["seconds"] / sizes[least]["seconds"]
    return {
        "power": round(math.log(times) / math.log(int(largest) / int(least)), 3),
        "seconds_per_million": round(sizes[largest]["seconds"] / int(largest) * 1e6, 2),
    }


def shape(n_ratings: int) -> tuple[int, int]:
    """Return users and movies for so many ratings: as many ratings a user, and fewer movies.

    >>> shape(25_000_000), shape(1_000_000)
    ((162000, 59000), (6480, 11800))
    """
    share = n_ratings / _RATINGS
    return round(_USERS * share), round(_MOVIES * math.sqrt(share))


def _measured(n_ratings: int, options: argparse.Namespace) -> dict[str, Any]:
    users, movies = shape(n_ratings)
    users, movies = options.users or users, options.movies or movies
    folder = make_tasteful_ratings(options.folder, n_ratings, users, movies)
    say(f"{n_ratings:,} ratings from the file to the bundle, in a fresh interpreter")
    command = [sys.executable, "-m", "benchmarks.scale", "--measure", str(folder)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return {"users": users, "movies": movies, **found}


def measure(folder: Path) -> dict[str, Any]:
    """Return what it takes from the ratings in ``folder`` to a bundle, and how good that is."""
    params = read_settings(Params, ROOT / "params.yaml")
    with _Watch() as watch:
        dataset = watch.stage("read and clean", lambda: read_dataset(Source("benchmark", folder)))
        split = watch.stage("split", lambda: _split(dataset, params))
        bundle = _train(watch, folder / "bundle", dataset, split, params)
    cleaning = dataset.cleaning or CleaningReport(len(dataset.ratings), len(dataset.ratings))
    return {
        "seconds": watch.seconds,
        "cpu_seconds": watch.cpu_seconds,
        "peak_mb": peak_mb(),
        "rows_read": cleaning.rows_read,
        "rows_removed": cleaning.removed,
        "trained_on": len(split.train.ratings),
        "stages": watch.stages(),
        "scoring": bundle.manifest.scoring,
        "bundle_mb": round(sum(f.stat().st_size for f in bundle.path.iterdir()) / _MEGABYTE, 1),
        "quality": quality(bundle.path, split),
    }


def _train(watch: _Watch, path: Path, dataset: Dataset, split: Split, params: Params) -> Bundle:
    hybrid = train_hybrid(split.train, params, _told, split.method)
    watch.spans += hybrid.stages.done
    code = CodeState(revision=None, digest="benchmark")
    return watch.stage(
        "write and open",
        lambda: bundle_model(hybrid, path, split=split, params=params, full=dataset, code=code),
    )


def _told(what: str, done: int, total: int | None) -> None:
    del total
    if not done:
        say(f"  {what}")


def _split(dataset: Dataset, params: Params) -> Split:
    shares = SplitParams("temporal", _VALIDATION_SHARE, _TEST_SHARE)
    return split_dataset(dataset, shares, params.seed)


def quality(path: Path, split: Split) -> dict[str, Any]:
    """Return RMSE and NDCG@10 of the bundle in ``path`` and of simpler parts, on the test ratings.

    Both are of users with training ratings; what a list could show is all but these.
    """
    recommender = Recommender.from_bundle(open_bundle(path, verify=False))
    known = np.isin(split.test["user_id"], recommender.user_ids)
    test = split.test[known]
    columns = test["user_id"].to_numpy(), test["movie_id"].to_numpy()
    stars = test["rating"].to_numpy(np.float64)
    liked = test[test["rating"] >= _LIKED].groupby("user_id")["movie_id"].agg(np.array)
    judged = liked.sample(min(_JUDGED, len(liked)), random_state=split.seed)
    parts = {name: recommender.part(name) for name in ("hybrid", "bias", "popularity", "ease")}
    return {
        "test_ratings": len(test),
        "judged_users": len(judged),
        "rmse": {
            name: round(rmse(stars, part.predict(*columns)), 4)
            for name, part in parts.items()
            if name in ("hybrid", "bias", "popularity")
        },
        "ndcg_at_10": {
            name: round(_ndcg(part, judged.index.to_numpy(), judged.to_list()), 4)
            for name, part in parts.items()
            if name != "bias"
        },
    }


def _ndcg(part: Part, users: Any, liked: Sequence[Any]) -> float:
    shown = []
    for user_id in users.tolist():
        viewer = part.audience.viewer(user_id)
        shown.append(part.recommend_to(viewer, _K, user_id, viewer.movies).movie_ids)
    hits, n_relevant = mark_hits(shown, liked, _K)
    return float(ndcg_at_k(hits, n_relevant, _K).mean())


class _Watch:
    """Times stages and samples the resident memory of this process meanwhile."""

    def __init__(self) -> None:
        self.spans: list[Stage] = []
        self.seconds = self.cpu_seconds = 0.0
        self._samples: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        """Start the clocks."""
        self._begin, self._cpu_begin = time.perf_counter(), time.process_time()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the clocks."""
        self.seconds = round(time.perf_counter() - self._begin, 1)
        self.cpu_seconds = round(time.process_time() - self._cpu_begin, 1)
        self._over.set()
        self._thread.join()

    def stage(self, name: str, work: Callable[[], T]) -> T:
        """Return what ``work`` does, timed."""
        say(f"  {name}")
        begin, cpu = time.perf_counter(), time.thread_time()
        result = work()
        self.spans.append(Stage(name, begin, time.perf_counter(), time.thread_time() - cpu))
        return result

    def stages(self) -> dict[str, dict[str, float]]:
        """Return start, seconds and peak memory of each stage; some ran side by side.

        The processor's time is that of the stage's own thread.
        """
        found = {}
        for span in sorted(self.spans, key=lambda span: span.begin):
            within = [size for at, size in self._samples if span.begin <= at <= span.end]
            found[span.name] = {
                "at": round(span.begin - self._begin, 1),
                "seconds": round(span.end - span.begin, 2),
                "cpu_seconds": round(span.cpu_seconds, 2),
                "peak_mb": round(max(within, default=0.0), 0),
            }
        return found

    def _sample(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self._samples.append((time.perf_counter(), resident_mb()))


def resident_mb() -> float:
    """Return the resident set of this process, in MB; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    if not status.is_file():
        return 0.0
    return int(status.read_text(encoding="ascii").split()[1]) * _PAGE / _MEGABYTE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--ratings", type=int, nargs="+", default=[_RATINGS])
    parser.add_argument("--users", type=int, help="in proportion to the ratings unless given")
    parser.add_argument("--movies", type=int, help="with the root of the ratings unless given")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bound is exceeded")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
