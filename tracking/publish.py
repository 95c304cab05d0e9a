"""Follows the registry's production model and publishes its bundle for the web workers.

    python -m tracking.publish            # until SIGTERM or Ctrl-C
    python -m tracking.publish --once     # look once

It looks at the aliases ``production`` and ``previous`` every second. A bundle is copied beside the
others, compared with its hashes, and only then named by the pointer, which is replaced at once; a
kill at any moment leaves the folder whole. What is not sound is not published, and what was
published before stays. While the registry is out of reach, the workers serve on. A model that was
taken back on the server is rolled back in the registry too.
"""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import environment
from alerts.alert import Alert
from alerts.delivery import Delivery
from recommender.errors import RouletteError, UsageError
from recommender.publication import PublishedFolder, PublisherStatus
from recommender.settings import RegistrySettings, TrainingConfig, read_settings
from tracking.placing import Retention, kept_bundles

if TYPE_CHECKING:  # MLflow reads the environment while it is imported
    from tracking.publisher import Publisher

_LOG = logging.getLogger("tracking.publish")
CONFIG_FILE = environment.ROOT / "configs" / "training.yaml"
LOCK = "publisher.lock"
#: Longest time between two looks at a registry that is out of reach.
_LONGEST_WAIT = 10.0
#: The status is written at every change, and at least this often.
_STATUS_SECONDS = 5.0
#: How long a pipeline that holds the registry's lock is waited for before the next look.
_LOCK_SECONDS = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish until told to stop, or once; return the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s publisher %(levelname)s %(message)s"
    )
    environment.apply()
    signal.signal(signal.SIGTERM, _stop)
    try:
        folder = PublishedFolder(options.folder or environment.state_dir() / "published")
        settings = read_settings(TrainingConfig, options.config).registry
        with alone(folder):
            retention = Retention(options.keep, options.keep_days)
            return _run(_publisher(folder, settings, retention), options)
    except RouletteError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130


@contextmanager
def alone(folder: PublishedFolder) -> Iterator[None]:
    """Hold the folder's lock, which the system frees when its holder dies.

    Raises:
        UsageError: Another publisher holds it.
    """
    folder.root.mkdir(parents=True, exist_ok=True)
    with (folder.root / LOCK).open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            raise UsageError(
                "another publisher writes to this folder",
                place=str(folder.root),
                value=stream.read().strip(),
                remedy="One is enough; end that process first, or give another --folder.",
            ) from error
        stream.truncate(0)
        stream.write(f"process {os.getpid()}\n")
        stream.flush()
        yield


@dataclass
class Reporter:
    """Says each change of fortune once: in the log, as an alert, and in the status file.

    Attributes:
        folder: Where the status is written.
        delivery: Tells somebody of each new error.
    """

    folder: PublishedFolder
    delivery: Delivery

    def __post_init__(self) -> None:
        self._status = PublisherStatus(os.getpid(), _now())
        self._written = -_STATUS_SECONDS

    def report(self, production: str | None, error: Exception | None, *, removed: int = 0) -> None:
        """Report how a look ended, and how many bundles were removed so far."""
        before, at = self._status, _now()
        text = None if error is None else str(error)
        status = replace(before, looked_at=at, error=text, production=production, removed=removed)
        if error is None:
            status = replace(status, succeeded_at=at, error_since=None)
        elif before.error is None:
            status = replace(status, error_since=at)
        self._status = status
        changed = (before.error, before.production) != (text, production)
        if changed:
            self._say(before, error)
        if changed or time.monotonic() >= self._written + _STATUS_SECONDS:
            self._write(replace(status, bundles=len(kept_bundles(self.folder))))

    def _write(self, status: PublisherStatus) -> None:
        self._written = time.monotonic()
        try:
            self.folder.write_status(status)
        except OSError as error:
            _LOG.warning("The status cannot be written: %s", error)

    def _say(self, before: PublisherStatus, error: Exception | None) -> None:
        if error is None:
            _LOG.info("Registry and folder agree; production is %s.", self._status.production)
        elif str(error) != before.error:
            _LOG.error("%s What was published before stays.", error)
            self.delivery.send(Alert.of(error, step="publish", run="publisher"))


def _run(publisher: Publisher, options: argparse.Namespace) -> int:
    reporter = Reporter(publisher.folder, Delivery.configured())
    wait = options.interval
    while True:
        error = _look(publisher)
        reporter.report(publisher.production, error, removed=publisher.removed)
        if options.once:
            return _exit_code(error)
        wait = options.interval if publisher.in_reach else min(2.0 * wait, _LONGEST_WAIT)
        time.sleep(wait)


def _look(publisher: Publisher) -> Exception | None:
    try:
        publisher.look()
    except (RouletteError, OSError) as error:
        return error
    return None


def _exit_code(error: Exception | None) -> int:
    if error is None:
        return 0
    return error.exit_code if isinstance(error, RouletteError) else 1


def _publisher(
    folder: PublishedFolder, settings: RegistrySettings, retention: Retention
) -> Publisher:
    from tracking.locks import LockTimes  # noqa: PLC0415 - as above
    from tracking.publisher import Publisher  # noqa: PLC0415
    from tracking.registry import Registry  # noqa: PLC0415

    times = LockTimes(wait=_LOCK_SECONDS)
    return Publisher(folder, lambda: Registry(settings, times=times), retention=retention)


def _stop(number: int, frame: object) -> NoReturn:  # noqa: ARG001 - as the system calls it
    """Stop at once: whatever is under way can be cut short anywhere."""
    sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tracking.publish",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--once", action="store_true", help="look once, and exit with 1 on failure")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two looks (1)")
    parser.add_argument("--keep", type=int, default=5, help="latest bundles to keep (5)")
    parser.add_argument(
        "--keep-days",
        type=float,
        default=7.0,
        help="keep all that were production within so many days (7)",
    )
    parser.add_argument("--folder", type=Path, help="where to publish (var/published)")
    parser.add_argument(
        "--config",
        type=Path,
        default=CONFIG_FILE,
        help="YAML run settings that name the registered model (configs/training.yaml)",
    )
    return parser


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
