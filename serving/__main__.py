"""``python -m serving``: runs the server, and the commands of whoever operates it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from recommender.errors import RouletteError
from recommender.publication import PublishedFolder
from serving.keys import SCOPES, KeyRing
from serving.settings import ServerSettings

EPILOG = """\
examples:
  python -m serving
  MOVIE_ROULETTE_WEB__PORT=8081 python -m serving
  python -m serving keys create --name shop --scope write
  python -m serving keys list
  python -m serving keys revoke 0123456789ab
  python -m serving rollback --reason "Lists of children's films only."
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m serving",
        description="Run the server and the publisher until Ctrl-C, or operate a running server.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--without-publisher",
        action="store_true",
        help="serve what is published, and leave publishing and training to others",
    )
    commands = parser.add_subparsers(dest="command")
    keys = commands.add_parser("keys", help="make, list and revoke API keys")
    of_keys = keys.add_subparsers(dest="action", required=True)
    create = of_keys.add_parser("create", help="make a key; it is shown once")
    create.add_argument("--name", required=True, help="whose it is")
    create.add_argument("--scope", action="append", required=True, choices=SCOPES)
    of_keys.add_parser("list", help="show the keys, without their secrets")
    revoke = of_keys.add_parser("revoke", help="remove a key")
    revoke.add_argument("key_id")
    rollback = commands.add_parser("rollback", help="serve the model before, at once")
    rollback.add_argument("--reason", default="Asked for on the command line.")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        settings = ServerSettings.load()
        if options.command == "keys":
            return _keys(KeyRing(settings.keys_file), options)
        if options.command == "rollback":
            return _roll_back(settings, options.reason)
    except RouletteError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return _serve(settings, with_publisher=not options.without_publisher)


def _serve(settings: ServerSettings, *, with_publisher: bool) -> int:
    from serving import supervisor  # noqa: PLC0415 - the other commands need no web server

    if with_publisher and not supervisor.has_publisher():
        sys.stderr.write("MLflow is not installed here, so nothing is published from a registry.\n")
        with_publisher = False
    return supervisor.run(settings, with_publisher=with_publisher)


def _keys(ring: KeyRing, options: argparse.Namespace) -> int:
    if options.action == "create":
        sys.stdout.write(f"{ring.create(options.name, options.scope)}\n")
        sys.stderr.write("Keep it: only its hash is stored, and it cannot be shown again.\n")
    elif options.action == "revoke":
        gone = ring.revoke(options.key_id)
        sys.stdout.write(f"revoked {gone.key_id} ({gone.name})\n")
    else:
        for key in ring.keys().values():
            scopes = ",".join(key.scopes)
            sys.stdout.write(f"{key.key_id}  {scopes:11}  {key.created_at}  {key.name}\n")
    return 0


def _roll_back(settings: ServerSettings, reason: str) -> int:
    from serving.models.slot import withdraw_production  # noqa: PLC0415 - needs NumPy

    done = withdraw_production(PublishedFolder(settings.published_folder), "command", reason)
    sys.stdout.write(f"version {done.version} is taken back; the workers follow at once\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
