"""What is found of what people type, how fast, and what the index costs.

    python -m benchmarks.search
    python -m benchmarks.search --movies 20000 --queries 200 --without-server
    python -m benchmarks.search --data-path ../shared/data/ml-latest-small

A catalogue of invented films (`benchmarks.search.titles`) is indexed, and queries whose right
answer can be told from the text (`benchmarks.search.queries`) are asked. In process, that is
``search(query, 10)`` over a memory-mapped index on one thread; each query is asked once before. End
to end, titles are typed letter by letter at the server as `make serve` starts it, 25 letters a
second over four connections, each letter a request. With ``--data-path`` the same is measured in
process on the titles of a data set. Figures by kind have the number of queries and how many were
drawn in vain because another film fitted as well.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Check, at_least, at_most, emit, say
from benchmarks.search.films import read_films
from benchmarks.search.measures import build, in_process, typeahead
from benchmarks.search.titles import FilmMaker, Films

_SEED = 11
_P95_MS, _TYPEAHEAD_MS = 10.0, 50.0
_BUILD_SECONDS, _INDEX_MB, _PRIVATE_MB = 5.0, 60.0, 150.0
#: Of each kind the figure that is promised, and how much.
_PROMISED = {
    "typo": ("hit_at_1", 0.99),
    "swapped": ("hit_at_1", 0.99),
    "prefix": ("hit_at_10", 0.95),
    "year": ("hit_at_1", 0.99),
    "accents": ("hit_at_1", 0.99),
    "article": ("hit_at_1", 0.99),
    "original": ("hit_at_1", 0.99),
    "person": ("hit_at_1", 0.98),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    options = _parser().parse_args(arguments)
    say("inventing films")
    films = FilmMaker(np.random.default_rng(_SEED), options.movies).films(options.movies)
    figures = measure(films, options.queries)
    if not options.without_server:
        say("typing at the server")
        with tempfile.TemporaryDirectory(prefix="movie-roulette-") as work:
            figures["typeahead"] = typeahead(Path(work), films, options.seconds)
    checks = checks_of(figures)
    if options.data_path is not None:
        figures["data"] = measure(read_films(options.data_path), options.queries)
        checks += checks_of(figures["data"], "data_")
    return emit(figures, checks, check=options.check)


def measure(films: Films, n_queries: int) -> dict[str, Any]:
    """Return the figures of the index and of the search in process."""
    with tempfile.TemporaryDirectory(prefix="movie-roulette-") as work:
        say(f"indexing {len(films.titles)} films")
        searcher, figures = build(Path(work) / "bundle", films)
        say("asking")
        return {"movies": len(films.titles), **figures, **in_process(searcher, films, n_queries)}


def checks_of(figures: dict[str, Any], prefix: str = "") -> list[Check]:
    """Return the figures that were promised, each under its name behind ``prefix``."""
    checks = [
        at_most(f"{prefix}build_seconds", figures["build_seconds"], _BUILD_SECONDS),
        at_most(f"{prefix}index_mb", figures["index_mb"], _INDEX_MB),
        at_most(f"{prefix}p95_ms", figures["p95_ms"], _P95_MS),
        at_most(f"{prefix}keystroke_p95_ms", figures["keystroke"]["p95_ms"], _P95_MS),
    ]
    for kind, (name, bound) in _PROMISED.items():
        if found := figures["kinds"].get(kind):
            checks.append(at_least(f"{prefix}{kind}_{name}", found[name], bound))
    if "typeahead" in figures:
        found = figures["typeahead"]
        checks.append(at_most("typeahead_p95_ms", found["p95_ms"], _TYPEAHEAD_MS))
        memory = max(found["private_mb_of_each_worker"])
        checks.append(at_most("worker_private_mb", memory, _PRIVATE_MB))
        failed = sum(n for status, n in found["statuses"].items() if status != "200")
        checks.append(at_most("typeahead_failed", failed, 0))
    return checks


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--movies", type=int, default=90_000)
    parser.add_argument("--queries", type=int, default=1000, help="of each kind")
    parser.add_argument("--seconds", type=float, default=20.0, help="of typing at the server")
    parser.add_argument("--data-path", type=Path, help="a data set whose titles are measured too")
    parser.add_argument("--without-server", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
