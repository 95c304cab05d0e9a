"""How accurate each model is by the protocols of published comparisons.

    python -m benchmarks.accuracy --protocol 5fold --dataset ml-latest-small --data-path PATH
    python -m benchmarks.accuracy --protocol ml-1m-90-10 --data-path PATH
    python -m benchmarks.accuracy --train FILE --test FILE [--items FILE]

Files are tab- or comma-separated: user, item, rating and, where there are any, timestamps; items
are item, title, genres joined with ``|``. A header is optional. Models are fitted with
``params.yaml``; ``surprise-svd`` and ``surprise-svdpp`` have Surprise's own defaults. On random
folds the checks say what the hybrid promises: an RMSE at least seven percent below that of
Surprise's SVD, and below that of every other model.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.protocols.models import RATING_MODELS
from benchmarks.protocols.registry import PROTOCOLS, Outcome, Task, run_files, run_protocol
from benchmarks.report import emit
from recommender.settings import Params, read_settings

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.protocol is None and not (options.train and options.test):
        parser.error("give --protocol with --data-path, or --train with --test")
    if options.protocol is not None and options.data_path is None:
        parser.error("--protocol needs --data-path")
    figures, checks = _run(options)
    if options.dataset is not None:
        figures = {"dataset": options.dataset, **figures}
    return emit(figures, checks, check=options.check)


def _run(options: argparse.Namespace) -> Outcome:
    params = read_settings(Params, options.params)
    if options.seed is not None:
        params = replace(params, seed=options.seed)
    chosen = options.models or list(RATING_MODELS)
    models = {name: RATING_MODELS[name] for name in chosen}
    task = Task(options.data_path, params, models)
    if options.protocol is None:
        return run_files(options.train, options.test, options.items, task)
    return run_protocol(options.protocol, task)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--protocol", choices=list(PROTOCOLS))
    parser.add_argument("--dataset", help="name that the report carries")
    parser.add_argument("--data-path", type=Path, help="folder of the data set")
    parser.add_argument("--train", type=Path)
    parser.add_argument("--test", type=Path)
    parser.add_argument("--items", type=Path)
    parser.add_argument("--models", nargs="+", choices=list(RATING_MODELS), metavar="MODEL")
    parser.add_argument("--params", type=Path, default=ROOT / "params.yaml")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--check", action="store_true", help="exit 1 when a promise is not kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
