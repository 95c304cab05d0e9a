"""The command line: ``python -m simulation make-sample``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from recommender.errors import RouletteError
from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import simulate
from simulation.sample import check_replaceable, describe, write_sample


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 done, 2 refused."""
    options = _parser().parse_args(arguments)
    try:
        _make_sample(options)
    except RouletteError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


def _make_sample(options: argparse.Namespace) -> None:
    check_replaceable(options.out.absolute(), force=options.force)
    parameters = SimulationParameters(
        seed=options.seed, n_users=options.users, n_ratings=options.ratings
    )
    catalogue = read_catalogue()
    simulation = simulate(catalogue, parameters)
    write_sample(simulation, catalogue, options.out, force=options.force)
    about = describe(simulation)
    counts = about["counts"]
    sys.stdout.write(
        f"{options.out}: {counts['ratings']:,} simulated ratings of {counts['movies']} films by "
        f"{counts['users']:,} viewers; lowest RMSE of any model {about['rmse_floor']:.4f}, "
        f"on the temporal test part {about['rmse_floor_test']:.4f}\n"
    )


def _parser() -> argparse.ArgumentParser:
    defaults = SimulationParameters()
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    sample = commands.add_parser(
        "make-sample", help="write the sample data set: real films, simulated viewers"
    )
    sample.add_argument("--out", type=Path, default=Path("data"), help="folder (default: data)")
    sample.add_argument("--seed", type=int, default=defaults.seed, help="default: %(default)s")
    sample.add_argument("--users", type=int, default=defaults.n_users, help="default: %(default)s")
    sample.add_argument(
        "--ratings", type=int, default=defaults.n_ratings, help="default: %(default)s"
    )
    sample.add_argument(
        "--force", action="store_true", help="replace a folder that this command did not make"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
