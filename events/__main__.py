"""The event store's commands: ``python -m events migrate``, ``status``, ``backup`` and others."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from events.address import events_url
from events.backup import back_up, restore, row_counts
from events.migrate import migrate
from events.retention import prune
from events.store import EventStore
from events.tables import REVISION
from recommender.errors import RouletteError, UsageError


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m events", description=__doc__)
    parser.add_argument("--url", help="the store (default: EVENTS_URL, else under var/)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="make the tables, or bring them to this code's revision")
    commands.add_parser("status", help="say what the store holds")
    for name, text in (
        ("backup", "write everything to a new SQLite file, while the server goes on"),
        ("restore", "put a backup into an empty store, in SQLite or PostgreSQL"),
        ("export-ratings", "write the ratings that training takes from the store, as CSV"),
    ):
        commands.add_parser(name, help=text).add_argument("file", type=Path)
    old = commands.add_parser("prune", help="remove served lists that are older than some days")
    old.add_argument("days", type=int)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code, as of ``run_pipeline.py``."""
    parsed = build_parser().parse_args(arguments)
    try:
        _COMMANDS[parsed.command](parsed)
    except RouletteError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


def _migrate(parsed: argparse.Namespace) -> None:
    before = migrate(parsed.url or events_url())
    _say(f"revision {REVISION}" if before == REVISION else f"revision {before} -> {REVISION}")


def _status(parsed: argparse.Namespace) -> None:
    store = _store(parsed)
    with store.database.snapshot() as connection:
        counts = row_counts(connection)
    _say(f"store      {store.database.place}\nrevision   {REVISION}")
    for table, rows in counts.items():
        _say(f"{table:10} {rows:,}")
    store.close()


def _backup(parsed: argparse.Namespace) -> None:
    _say_counts(back_up(_store(parsed).database, parsed.file))


def _restore(parsed: argparse.Namespace) -> None:
    _say_counts(restore(parsed.file, _store(parsed).database))


def _export(parsed: argparse.Namespace) -> None:
    # Imported now: it brings the frames of the pipelines, which no other command needs.
    from events.training_data import read_site_data  # noqa: PLC0415

    found = read_site_data(_store(parsed)).additions
    with _new_file(parsed.file).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["user_id", "movie_id", "rating", "timestamp"])
        columns = (found.user_ids, found.movie_ids, found.ratings, found.timestamps)
        writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
    _say(f"{len(found.ratings):,} ratings; digest {found.digest}")


def _prune(parsed: argparse.Namespace) -> None:
    if parsed.days < 1:
        raise UsageError("must be at least 1", place="days", value=parsed.days)
    before = datetime.now(UTC) - timedelta(days=parsed.days)
    removed = prune(_store(parsed), before)
    _say(f"{removed:,} served lists removed; they can no longer be looked up or replayed")


_COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "migrate": _migrate,
    "status": _status,
    "backup": _backup,
    "restore": _restore,
    "export-ratings": _export,
    "prune": _prune,
}


def _store(parsed: argparse.Namespace) -> EventStore:
    return EventStore(parsed.url or events_url(), lock_seconds=30)


def _new_file(file: Path) -> Path:
    if file.exists():
        raise UsageError("the file exists", place=str(file), remedy="Name a new file.")
    return file


def _say_counts(counts: dict[str, int]) -> None:
    _say(", ".join(f"{rows:,} {table}" for table, rows in counts.items()))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
