"""Delivers alerts: a channel that fails is logged and counted, and the others still get theirs."""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import environment
from alerts.alert import Alert
from alerts.channels import Channel, FileChannel, channels_of
from alerts.settings import CONFIG_FILE, AlertSettings
from recommender.errors import UsageError
from recommender.publication import write_json

_LOG = logging.getLogger(__name__)
#: Stands for a channel where the settings themselves cannot be obeyed.
SETTINGS = "settings"


def alert_file() -> Path:
    """Return the file of alerts in the state folder."""
    return environment.state_dir() / "alerts" / "alerts.jsonl"


@dataclass(frozen=True)
class Delivery:
    """The channels, and where their failures are counted.

    Attributes:
        channels: In order.
        failures: File of the counts, beside the file of alerts.
    """

    channels: Sequence[Channel]
    failures: Path

    @classmethod
    def configured(cls, file: Path | None = None, config: Path = CONFIG_FILE) -> Self:
        """Return the channels of a file of settings.

        Settings that cannot be obeyed are logged and counted, and alerts go to the file: what
        raised one must not fail a second time on the way.

        Args:
            file: Where the channel ``file`` writes; in the state folder unless given.
            config: The settings.
        """
        target = file or alert_file()
        found = cls((), target.with_name("failures.json"))
        try:
            return cls(channels_of(AlertSettings.load(config), target), found.failures)
        except UsageError as error:
            found.count(SETTINGS, error)
            return cls((FileChannel(target),), found.failures)

    def send(self, alert: Alert) -> None:
        """Send an alert by every channel; none can fail the caller."""
        for channel in self.channels:
            try:
                channel.send(alert)
            except (OSError, ValueError) as error:  # ValueError: an address that no mail takes
                self.count(channel.name, error)

    def count(self, name: str, error: Exception) -> None:
        """Log a failure and count it."""
        _LOG.warning("an alert was not delivered by %s: %s", name, error)
        try:
            self._add(name, error)
        except OSError as fault:
            _LOG.warning("the failure of %s could not be counted: %s", name, fault)

    def _add(self, name: str, error: Exception) -> None:
        self.failures.parent.mkdir(parents=True, exist_ok=True)
        with self.failures.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            counts = read_failures(self.failures)
            before = int(counts.get(name, {}).get("failures", 0))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            counts[name] = {"failures": before + 1, "last": now, "error": str(error)}
            write_json(self.failures, counts)


def read_failures(file: Path) -> dict[str, dict[str, Any]]:
    """Return the failures by channel: ``failures``, ``last`` and ``error``.

    What is no such file, after a disk was damaged, counts from nothing again; that is logged.
    """
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        _LOG.warning("%s cannot be read, and counts anew: %s", file, error)
        return {}
    return found if isinstance(found, dict) else {}
