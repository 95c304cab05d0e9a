"""Somebody's wish to train again: left by a process that trains nothing, taken up by the monitor.

The wish is a small file, of which there is one at a time. It is removed once a decision that names
it is in the journal, so whenever the monitor dies, a wish is decided on exactly once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from monitoring.errors import MonitoringError
from recommender.publication import create_json


@dataclass(frozen=True)
class RetrainRequest:
    """A wish.

    Attributes:
        request_id: Names it.
        by: Who asked: the id of an API key.
        reason: Why, in the words of whoever asked.
        at: When, in seconds since 1970.
    """

    request_id: str
    by: str
    reason: str
    at: float

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Self:
        """Return the wish of which ``dataclasses.asdict`` made ``tree``.

        Raises:
            TypeError: A key is missing or unknown, or a value of another type.
            ValueError: The time is no number.
        """
        names = {item.name for item in fields(cls)}
        if not isinstance(tree, Mapping) or set(tree) != names:
            raise TypeError(f"must have the keys {', '.join(sorted(names))} and no others")
        texts = {name: str(tree[name]) for name in ("request_id", "by", "reason")}
        return cls(at=float(tree["at"]), **texts)


def ask_to_retrain(file: Path, by: str, reason: str, now: float) -> RetrainRequest:
    """Leave the wish to train again; it is durable on return.

    Args:
        file: `MonitoringFolders.retrain_request`.
        by: Who asks.
        reason: Why.
        now: Seconds since 1970.

    Raises:
        MonitoringError: Another wish waits.
        OSError: The file cannot be written.
    """
    wish = RetrainRequest(uuid.uuid4().hex, by, reason, now)
    if not create_json(file, asdict(wish)):
        raise MonitoringError(
            "a retraining is asked for already and waits for the next round of monitoring",
            place=str(file),
            remedy="Wait for that round, or start one: python run_pipeline.py monitoring.",
        )
    return wish


def waiting_request(file: Path) -> RetrainRequest | None:
    """Return the wish that waits, or ``None``.

    Args:
        file: `MonitoringFolders.retrain_request`.

    Raises:
        MonitoringError: It cannot be read, or has another shape.
    """
    try:
        return RetrainRequest.from_dict(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise MonitoringError(
            f"the request to train again cannot be read: {error}",
            place=str(file),
            remedy="Remove the file, and ask again.",
        ) from error


def end_request(file: Path, request_id: str) -> None:
    """Remove the wish of this id once it was decided on; another one stays.

    Args:
        file: `MonitoringFolders.retrain_request`.
        request_id: Of the wish.

    Raises:
        MonitoringError: The file cannot be read.
        OSError: It cannot be removed.
    """
    found = waiting_request(file)
    if found is not None and found.request_id == request_id:
        file.unlink()
