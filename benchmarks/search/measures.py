"""What is measured of a search."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from benchmarks.recommend import private_megabytes
from benchmarks.search.films import catalogue_of
from benchmarks.search.queries import KINDS, Queries, Query
from benchmarks.search.titles import Films
from benchmarks.serving.bundles import publish_one
from benchmarks.serving.load import Plan, send
from benchmarks.serving.servers import start_server
from recommender.inference.search.index import SearchIndex
from recommender.inference.search.searcher import Searcher
from recommender.publication import PublishedFolder

_SEED = 12
_LIMIT = 10
_BUILDS = 3
_USERS = 2_000
#: Titles that are typed letter by letter, and how fast, over how many connections.
_TYPED, _RATE, _CONNECTIONS = 100, 25.0, 4


def build(folder: Path, films: Films) -> tuple[Searcher, dict[str, Any]]:
    """Return a searcher over the mapped index of ``films``, and what the index costs.

    Args:
        folder: Where the index is written.
        films: The films.
    """
    catalogue, seconds, busy = catalogue_of(films), [], []
    for _ in range(_BUILDS):
        start, started = time.perf_counter(), time.process_time()
        index = SearchIndex.of(catalogue, films.ratings)
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - started)
    arrays = index.to_arrays()
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    mapped = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in arrays}
    size = sum(file.stat().st_size for file in folder.iterdir())
    searcher = Searcher(SearchIndex.from_arrays(mapped), catalogue, np.arange(len(films.titles)))
    figures = {
        "build_seconds": round(float(np.median(seconds)), 2),
        "build_cpu_seconds": round(float(np.median(busy)), 2),
        "index_mb": round(size / 1e6, 1),
    }
    return searcher, figures


def in_process(searcher: Searcher, films: Films, n_queries: int) -> dict[str, Any]:
    """Return times and hit rates by kind of query, and the times of all of them together."""
    queries = Queries(films, np.random.default_rng(_SEED))
    kinds: dict[str, Any] = {}
    times: list[tuple[float, float]] = []
    for kind in KINDS:
        asked = queries.draw(kind, n_queries)
        if not asked:
            continue
        took = _times(searcher, [query.text for query in asked])
        times += took
        ranks = [_rank(searcher, queries, kind, query) for query in asked]
        kinds[kind] = {
            "queries": len(asked),
            "drawn_in_vain": queries.in_vain[kind],
            "hit_at_1": round(float(np.mean([rank == 0 for rank in ranks])), 4),
            "hit_at_10": round(float(np.mean([rank is not None for rank in ranks])), 4),
            **_percentiles(took),
        }
    typed = queries.keystrokes(max(n_queries // 10, 1))
    keystroke = {"queries": len(typed), **_percentiles(_times(searcher, typed))}
    return {**_percentiles(times), "kinds": kinds, "keystroke": keystroke}


def typeahead(root: Path, films: Films, seconds: float) -> dict[str, Any]:
    """Return how long the server takes to answer whoever types titles.

    Args:
        root: A folder for the server's state.
        films: What the served model knows.
        seconds: How long is typed.
    """
    publish_one(root, _USERS, catalogue_of(films), films.ratings)
    typed = Queries(films, np.random.default_rng(_SEED)).keystrokes(_TYPED)
    requests = [("GET", f"/v1/search?query={quote(text)}&limit=8", "") for text in typed]
    with start_server(root) as server:
        send(Plan(server.port, requests, _CONNECTIONS, seconds / 4, _RATE))
        seen = send(Plan(server.port, requests, _CONNECTIONS, seconds, _RATE))
        bundles = PublishedFolder(root / "published").root
        memory = [
            private_megabytes(bundles, Path(f"/proc/{pid}/smaps")) for pid in server.workers()
        ]
    figures = {name: value for name, value in seen.items() if name != "answers"}
    return {**figures, "private_mb_of_each_worker": memory}


def _rank(searcher: Searcher, queries: Queries, kind: str, query: Query) -> int | None:
    """Return at which place what is meant stands, or ``None`` if it is not in the list."""
    results = searcher.search(query.text, _LIMIT)
    if kind == "person":
        names = [hit.name for hit in results.people]
        meant = queries.people[query.film]
        return names.index(meant) if meant in names else None
    movies = [hit.movie_id for hit in results.movies]
    return movies.index(query.film) if query.film in movies else None


def _times(searcher: Searcher, queries: Sequence[str]) -> list[tuple[float, float]]:
    """Return the milliseconds of each query, and those of them that the processor worked."""
    times = []
    for query in queries:
        searcher.search(query, _LIMIT)
        start, started = time.perf_counter(), time.process_time()
        searcher.search(query, _LIMIT)
        took, worked = time.perf_counter() - start, time.process_time() - started
        times.append((1000.0 * took, 1000.0 * worked))
    return times


def _percentiles(times: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return percentiles; on a busy machine the processor's time tells work from waiting."""
    took, worked = np.array(times).T
    return {
        "p50_ms": round(float(np.percentile(took, 50)), 2),
        "p95_ms": round(float(np.percentile(took, 95)), 2),
        "p95_cpu_ms": round(float(np.percentile(worked, 95)), 2),
        "max_ms": round(float(took.max()), 2),
    }
