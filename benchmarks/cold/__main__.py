"""Measure the hybrid where it knows little.

    python -m benchmarks.cold --data-path ../shared/data/ml-latest-small

``movies``: movies without any training rating; see `benchmarks.cold.movies`. ``users``: users of
whom a few ratings become known after training; see `benchmarks.cold.users`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cold import movies, users
from benchmarks.report import emit
from recommender.data.source import Source, read_dataset
from recommender.settings import Params, read_settings

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cold",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data-path", type=Path, default=ROOT / "data")
    parser.add_argument("--params", type=Path, default=ROOT / "params.yaml")
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    options = parser.parse_args(arguments)
    params = read_settings(Params, options.params)
    dataset = read_dataset(Source(options.data_path.stem, options.data_path))
    of_movies, checks = movies.run(dataset, params)
    of_users, more_checks = users.run(dataset, params)
    report = {"dataset": dataset.name, "movies": of_movies, "users": of_users}
    return emit(report, [*checks, *more_checks], check=options.check)


if __name__ == "__main__":
    sys.exit(main())
