"""The command line: ``python -m simulation make-sample``, and ``drive`` against a server."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from recommender.errors import RouletteError
from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import simulate
from simulation.sample import check_replaceable, describe, write_sample
from simulation.traffic.connection import loopback_target
from simulation.traffic.drive import CONNECTIONS, Drive
from simulation.traffic.scenario import SCENARIOS, scenario
from simulation.traffic.schedule import Traffic

_NOT_REFUSED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0 is done, 1 says that the server took what it must refuse, 2 that the command line cannot be
    obeyed, 130 that it was interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except RouletteError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _drive(options: argparse.Namespace) -> int:
    target = loopback_target(options.base_url)
    traffic = Traffic(
        users=options.users,
        newcomers=options.newcomers,
        rate=options.rate,
        seconds=options.seconds,
        change_at=options.change_at,
        seed=options.seed,
    )
    drive = Drive(target, traffic, scenario(options.scenario), connections=options.connections)
    drive.run()
    sys.stdout.write(json.dumps(drive.report(), indent=2, allow_nan=False) + "\n")
    return _NOT_REFUSED if drive.record.n_taken else 0


def _make_sample(options: argparse.Namespace) -> int:
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
    return 0


def _parser() -> argparse.ArgumentParser:
    defaults = SimulationParameters()
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    sample = commands.add_parser(
        "make-sample", help="write the sample data set: real films, simulated viewers"
    )
    sample.set_defaults(run=_make_sample)
    sample.add_argument("--out", type=Path, default=Path("data"), help="folder (default: data)")
    sample.add_argument("--seed", type=int, default=defaults.seed, help="default: %(default)s")
    sample.add_argument("--users", type=int, default=defaults.n_users, help="default: %(default)s")
    sample.add_argument(
        "--ratings", type=int, default=defaults.n_ratings, help="default: %(default)s"
    )
    sample.add_argument(
        "--force", action="store_true", help="replace a folder that this command did not make"
    )
    _add_drive(commands.add_parser("drive", help="visit a running server as the sample's viewers"))
    return parser


def _add_drive(drive: argparse.ArgumentParser) -> None:
    defaults = Traffic()
    meanings = "; ".join(f"{name}: {item.meaning}" for name, item in SCENARIOS.items())
    drive.description = (
        "Visit a server on this machine, whose model was trained on the sample, as the sample's "
        "viewers would, and print as JSON what came back and how good every served list truly "
        f"was. Scenarios: {meanings}."
    )
    drive.set_defaults(run=_drive)
    drive.add_argument(
        "--base-url", default="http://127.0.0.1:8080", help="a loopback address (%(default)s)"
    )
    drive.add_argument("--scenario", default="steady", choices=SCENARIOS, help="default: steady")
    drive.add_argument(
        "--users", type=int, default=defaults.users, help="viewers who visit (%(default)s)"
    )
    drive.add_argument(
        "--newcomers",
        type=int,
        default=defaults.newcomers,
        help="unknown viewers in a wave of them (%(default)s)",
    )
    drive.add_argument(
        "--rate", type=float, default=defaults.rate, help="visits a second (%(default)s)"
    )
    drive.add_argument(
        "--seconds", type=float, default=defaults.seconds, help="how long (%(default)s)"
    )
    drive.add_argument(
        "--change-at",
        type=float,
        default=defaults.change_at,
        help="seconds of steady traffic before the scenario begins (%(default)s)",
    )
    drive.add_argument("--seed", type=int, default=defaults.seed, help="default: %(default)s")
    drive.add_argument(
        "--connections", type=int, default=CONNECTIONS, help="most visits at once (%(default)s)"
    )


if __name__ == "__main__":
    sys.exit(main())
