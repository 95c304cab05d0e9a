"""How long a list takes, and how much memory a process needs, at the size of MovieLens 25M.

    python -m benchmarks.recommend
    python -m benchmarks.recommend --movies 60000 --users 150000

A bundle with arrays of realistic shapes and random content is written to a temporary folder. A
process of its own, with one thread, opens it memory-mapped and measures: the top 20 of a known
user; ranking and rating estimates of someone whose history is folded in; estimates alone; a
re-ranked list; a list with its reasons; and an explanation. Private memory is what
`/proc/self/smaps` counts as private outside the files of the bundle.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.report import at_most, emit, say
from recommender.bundle import open_bundle, write_bundle
from recommender.inference import Diversity, Recommender
from recommender.inference.catalogue import Catalogue
from recommender.inference.components import (
    COLD_SIGNALS,
    FACTOR_MODELS,
    PERSONAL_SIGNALS,
    RATING_PARTS,
    STATIC_SIGNALS,
    Blend,
    Components,
    SupportGroup,
)
from recommender.inference.estimates import FactorEstimates
from recommender.inference.fold_in import UserPrior
from recommender.inference.histories import Histories
from recommender.inference.identifiers import IdIndex
from recommender.inference.intervals import NoIntervals
from recommender.inference.part import Audience, SeenMovies
from recommender.inference.rankings import (
    AlignedRanking,
    ImplicitRanking,
    NeighbourRanking,
    ProfileRanking,
)
from recommender.inference.recommender import audience_arrays
from recommender.inference.search.index import SearchIndex
from recommender.scale import FloatArray, RatingScale
from recommender.settings import ModelParams

ROOT = Path(__file__).resolve().parents[1]

_KNOWN_MS, _FOLD_IN_MS, _ESTIMATE_MS, _RERANK_MS, _PRIVATE_MB = 3.0, 5.0, 2.0, 1.0, 50.0
_LIST_LENGTH = 20
_RATINGS_EACH = 165
_MEASURED = 200
_GENRES = ("Action", "Comedy", "Crime", "Drama", "Fantasy", "Horror", "Romance", "Sci-Fi", "War")
#: What a process with one thread is started with.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.measure is not None:
        print(json.dumps(measure(options.measure)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        say("writing the bundle")
        size = write_synthetic(Path(folder) / "bundle", options.movies, options.users)
        say("measuring")
        command = [sys.executable, "-m", "benchmarks.recommend", "--measure", f"{folder}/bundle"]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | _ONE_THREAD, capture_output=True, check=True
        )
    found = json.loads(done.stdout)
    figures = {"movies": options.movies, "users": options.users, "bundle_mb": size, **found}
    checks = [
        at_most("known_user_top_20_median_ms", found["known_user"]["median_ms"], _KNOWN_MS),
        at_most("fold_in_user_median_ms", found["fold_in_user"]["median_ms"], _FOLD_IN_MS),
        at_most("estimates_by_fold_in_median_ms", found["estimates"]["median_ms"], _ESTIMATE_MS),
        at_most("reranking_more_ms", found["reranking_more_ms"], _RERANK_MS),
        at_most("private_memory_mb", found["private_mb"], _PRIVATE_MB),
    ]
    return emit(figures, checks, check=options.check)


def measure(path: Path) -> dict[str, Any]:
    """Return times in milliseconds and memory in megabytes of this process."""
    start = time.perf_counter()
    served = Recommender.from_bundle(open_bundle(path, verify=False))
    load = time.perf_counter() - start
    rng = np.random.default_rng(1)
    users = rng.choice(served.user_ids, _MEASURED).tolist()
    histories = [rng.choice(served.movie_ids, size, replace=False) for size in (1, 5, 20)]
    stars = [rng.integers(1, 11, history.size) / 2.0 for history in histories]
    newcomers = list(zip(histories, stars, strict=True)) * (_MEASURED // 3)
    wanted = served.movie_ids[:: len(served.movie_ids) // _LIST_LENGTH][:_LIST_LENGTH]
    every = Diversity(variety=0.3, calibration=0.3, unpopularity=0.3)

    def fold_in(newcomer: tuple[Any, Any]) -> None:
        history, ratings = newcomer
        shown = served.recommend_for_history(history, ratings, _LIST_LENGTH)
        served.estimate_for_history(history, ratings, shown.movie_ids)

    known = timed(lambda user: served.recommend(user, _LIST_LENGTH), users)
    varied = timed(lambda user: served.recommend(user, _LIST_LENGTH, diversity=every), users)
    figures: dict[str, Any] = {
        "load_ms": round(1000.0 * load, 1),
        "known_user": known,
        "fold_in_user": timed(fold_in, newcomers),
        "estimates": timed(
            lambda item: served.estimate_for_history(item[0], item[1], wanted), newcomers
        ),
        "changed_user_estimates": timed(
            lambda user: served.estimate_for_history(histories[1], stars[1], wanted, user_id=user),
            users,
        ),
        "reranked": varied,
        "reranking_more_ms": round(varied["median_ms"] - known["median_ms"], 3),
        "explained_list": timed(lambda user: explained_list(served, user), users[:50]),
        "explanation": timed(lambda user: served.explain(int(wanted[3]), user_id=user), users[:50]),
        "rating_explanation": timed(
            lambda user: served.explain_rating(int(wanted[3]), user_id=user), users[:50]
        ),
    }
    return figures | {"private_mb": private_megabytes(path)}


def explained_list(served: Recommender, user: int) -> None:
    """Make the reasons of a user's list."""
    served.reasons(served.recommend(user, _LIST_LENGTH).movie_ids, user_id=user)


def timed(work: Callable[[Any], object], cases: Sequence[Any]) -> dict[str, float]:
    """Return median and 95th percentile of the time that ``work`` takes, in milliseconds.

    The median of the processor's time besides: on a busy machine it tells waiting from work. Each
    case is done once before, so that the pages of the bundle that it needs are in memory.
    """
    for case in cases:
        work(case)
    times, busy = [], []
    for case in cases:
        start, started = time.perf_counter(), time.process_time()
        work(case)
        times.append(1000.0 * (time.perf_counter() - start))
        busy.append(1000.0 * (time.process_time() - started))
    return {
        "median_ms": round(float(np.median(times)), 3),
        "p95_ms": round(float(np.percentile(times, 95)), 3),
        "median_cpu_ms": round(float(np.median(busy)), 3),
    }


def private_megabytes(bundle: Path, smaps: Path = Path("/proc/self/smaps")) -> float:
    """Return the private memory of this process outside the files of ``bundle``, in megabytes."""
    total, counted = 0, True
    for line in smaps.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            counted = str(bundle) not in line
        elif counted and name in ("Private_Clean:", "Private_Dirty:"):
            total += int(rest.split()[0])
    return round(total / 1000.0, 1)


def write_synthetic(
    path: Path,
    n_movies: int,
    n_users: int,
    catalogue: Catalogue | None = None,
    popularity: FloatArray | None = None,
) -> float:
    """Write a bundle of random arrays to ``path`` and return its size in megabytes.

    Args:
        path: Folder to make.
        n_movies: How many movies.
        n_users: How many users.
        catalogue: What is shown of the movies; they are numbered unless it is given.
        popularity: Shape (n_movies,), for the search; random unless given.
    """
    rng = np.random.default_rng(0)
    params = ModelParams()
    audience = _audience(rng, n_movies, n_users)
    components = _components(rng, n_movies, n_users, params)
    catalogue = catalogue or _numbered(rng, n_movies)
    if popularity is None:
        popularity = components.static["popularity"]
    arrays = {
        **components.to_arrays(),
        **audience_arrays(audience, audience.seen),
        **catalogue.to_arrays(),
        **SearchIndex.of(catalogue, popularity).to_arrays(),
    }
    fields: dict[str, Any] = {
        "dataset": "synthetic",
        "dataset_digest": "0" * 64,
        "simulated": True,
        "train_end": None,
        "split_method": "temporal",
        "seed": 0,
        "code_revision": None,
        "code_digest": "0" * 64,
        "params": asdict(params),
        "scoring": {**components.to_scoring(), "scale": asdict(audience.scale)},
    }
    write_bundle(path, arrays, fields)
    return round(sum(file.stat().st_size for file in path.iterdir()) / 1e6, 1)


def _numbered(rng: np.random.Generator, n_movies: int) -> Catalogue:
    genres = ["|".join(rng.choice(_GENRES, rng.integers(1, 4), replace=False)) for _ in range(999)]
    return Catalogue.of(
        [f"Film {movie}" for movie in range(n_movies)],
        [genres[movie % len(genres)] for movie in range(n_movies)],
        [1950 + movie % 70 for movie in range(n_movies)],
    )


def _audience(rng: np.random.Generator, n_movies: int, n_users: int) -> Audience:
    counts = np.maximum(rng.lognormal(np.log(70.0), 1.2, n_users), 20).astype(np.int64)
    counts = np.minimum(counts * _RATINGS_EACH * n_users // counts.sum() + 1, n_movies // 4)
    # Watched by popularity: half of all ratings fall on a sixteenth of the catalogue.
    drawn = (n_movies * rng.random(counts.sum()) ** 4).astype(np.int64)
    owners, movies = np.divmod(
        np.unique(np.repeat(np.arange(n_users), counts) * n_movies + drawn), n_movies
    )
    movies = movies.astype(np.int32)
    starts = np.searchsorted(owners, np.arange(n_users + 1))
    ratings = (rng.integers(1, 11, movies.size) / 2.0).astype(np.float32)
    users = IdIndex(np.arange(1, n_users + 1, dtype=np.int32))
    return Audience(
        users=users,
        movies=IdIndex(np.arange(1, n_movies + 1, dtype=np.int32)),
        histories=Histories(starts, movies, ratings),
        seen=SeenMovies(users, starts, movies),
        scale=RatingScale(),
    )


def _components(
    rng: np.random.Generator, n_movies: int, n_users: int, params: ModelParams
) -> Components:
    sizes = {
        **dict.fromkeys(FACTOR_MODELS, 0),
        "svd": params.n_factors,
        "nmf": params.nmf_factors,
        "content": params.content_factors,
        "taste": params.taste_factors,
        "fm": params.fm_factors,
    }
    weights = dict.fromkeys(PERSONAL_SIGNALS, 0.5)
    features = _random(rng, n_movies, params.content_factors)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return Components(
        factors={
            name: FactorEstimates(
                3.5,
                _random(rng, n_users + 1),
                _random(rng, n_movies + 1),
                _random(rng, n_users + 1, size),
                _random(rng, n_movies + 1, size),
            )
            for name, size in sizes.items()
        },
        static={name: rng.random(n_movies) for name in STATIC_SIGNALS},
        aligned=AlignedRanking(
            _neighbours(rng, n_movies, params),
            features,
            _random(rng, n_movies, 1 + params.content_factors),
        ),
        implicit=ImplicitRanking.of(
            _random(rng, n_movies, params.ials_factors),
            params.ials_regularization,
            params.ials_alpha,
        ),
        profile=ProfileRanking(features, np.full(params.content_factors, 0.01)),
        known_users=np.append(np.ones(n_users, dtype=np.bool_), False),
        known_movies=np.append(np.ones(n_movies, dtype=np.bool_), False),
        engine="bayesian",
        blend_ratings=0,
        blend=Blend(
            rating=np.full((2, 2, 1 + len(RATING_PARTS)), 0.25),
            personal=(SupportGroup(1, weights, "every signal, the dearest case"),),
            unknown=weights,
            cold=dict.fromkeys(COLD_SIGNALS, 0.5),
            recent_half_life=params.ease_recent_half_life,
            neighbour_similarity=0.5,
        ),
        priors={name: UserPrior.ridge(sizes[name], 5.0) for name in RATING_PARTS},
        intervals=NoIntervals("nothing was held out"),
    )


def _neighbours(rng: np.random.Generator, n_movies: int, params: ModelParams) -> NeighbourRanking:
    """Return weights among the most watched movies, which stand first."""
    n_supported = min(params.ease_max_movies, n_movies)
    n_kept = min(params.ease_neighbours, n_supported)
    first = rng.integers(0, n_supported, (n_supported, n_kept)).astype(np.int32)
    lengths = np.zeros(n_movies, dtype=np.int64)
    lengths[:n_supported] = n_kept
    return NeighbourRanking(
        starts=np.append(0, np.cumsum(lengths)),
        movies=np.sort(first, axis=1).ravel(),
        weights=_random(rng, first.size),
    )


def _random(rng: np.random.Generator, *shape: int) -> npt.NDArray[np.float32]:
    values: FloatArray = 0.1 * rng.standard_normal(shape, dtype=np.float32)
    return np.asarray(values, dtype=np.float32)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recommend", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--movies", type=int, default=60_000)
    parser.add_argument("--users", type=int, default=150_000)
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
