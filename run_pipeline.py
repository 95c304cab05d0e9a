"""The one command line of Movie Roulette: reads arguments, calls one pipeline, holds no logic."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import environment

DESCRIPTION = """\
Train, test, register and promote the recommender; compare models; tune one; put the previous
version back; or look for drift in live traffic and train again where it is needed."""
EPILOG = """\
exit codes:
  0    done; for training the last lines say whether the model was promoted
  1    any other failure
  2    the command line or a setting cannot be obeyed
  3    the data was rejected: unreadable, not as recorded, or not valid
  4    the model failed its behavioural tests; it is registered and was not promoted
  130  interrupted with Ctrl-C; nothing half-registered is left, and a tuning goes on next time

examples:
  python run_pipeline.py
  python run_pipeline.py --dataset ml-latest-small --data-path ~/ml-latest-small
  python run_pipeline.py --with-events
  python run_pipeline.py training --set model.n_factors=50 --set split.method=random
  python run_pipeline.py comparison --set comparison.models=[svd,ease,hybrid]
  python run_pipeline.py tuning --model ease --trials 30 --write
  python run_pipeline.py rollback
  python run_pipeline.py monitoring --watch 15m
  python run_pipeline.py monitoring --retrain
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="run_pipeline.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "pipeline",
        nargs="?",
        default="training",
        choices=["training", "comparison", "tuning", "rollback", "monitoring"],
        help="what to run (default: training)",
    )
    parser.add_argument("--dataset", help="sample, a MovieLens name, or any name with --data-path")
    parser.add_argument("--data-path", help="folder, zip, CSV or Parquet file to read")
    parser.add_argument(
        "--with-events",
        action="store_true",
        help="merge ratings from the event store (EVENTS_URL), and leave erased users out",
    )
    parser.add_argument("--config", help="YAML run settings (default: configs/<pipeline>.yaml)")
    parser.add_argument("--params", help="YAML hyper-parameters (default: params.yaml)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override one setting or hyper-parameter, e.g. model.n_factors=50; repeatable",
    )
    parser.add_argument(
        "--trials", type=int, help="configurations to try: of each model, or in the whole tuning"
    )
    parser.add_argument("--model", help="tuning: the model (default: configs/tuning.yaml)")
    parser.add_argument(
        "--write",
        action="store_true",
        help="tuning: write the best values into the file of hyper-parameters, if they are better",
    )
    parser.add_argument(
        "--watch", metavar="TIME", help="monitoring: again and again, e.g. every 15m, until Ctrl-C"
    )
    parser.add_argument(
        "--retrain", action="store_true", help="monitoring: train again whatever the windows show"
    )
    parser.add_argument("--no-cache", action="store_true", help="run every step again")
    parser.add_argument(
        "--accept-data",
        action="store_true",
        help="use data/ even if it is not what data.dvc records",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would run, and stop")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    parser.add_argument("--verbose", action="store_true", help="show the libraries' own logs")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one pipeline and return the exit code."""
    parsed = build_parser().parse_args(arguments)
    environment.apply()
    # Imported now: the libraries read the environment while they are imported.
    from pipelines.command import run  # noqa: PLC0415

    return run(parsed)


if __name__ == "__main__":
    sys.exit(main())
