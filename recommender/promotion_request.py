"""A promotion that a person asks for on the server, and what the publisher made of it.

The server knows no registry: it reads which versions there are from a file that the publisher
writes, and leaves a request, of which there is one at a time. The publisher carries it out in the
registry, says what came of it, and removes it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from recommender.errors import BundleError, UsageError
from recommender.publication import create_json, write_json

#: What came of a request: the version is production now, or it cannot be.
PromotionEnd = Literal["promoted", "refused"]

T = TypeVar("T")


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of the registered model, as an operator chooses among them.

    Attributes:
        version: As the registry counts.
        digest: SHA-256 (hex) of its bundle's manifest.
        registered_at: When, ISO 8601, UTC.
        aliases: Those that point to it.
        gate: Whether the gate let it through, or ``None`` where it was not asked.
        why: The rules by which the gate decided: all of them, or those that failed.
        rolled_back: When, by whom and why it was taken out of production, or ``None``.
    """

    version: str
    digest: str
    registered_at: str
    aliases: tuple[str, ...]
    gate: bool | None
    why: tuple[str, ...]
    rolled_back: str | None


@dataclass(frozen=True)
class PromotionRequest:
    """Somebody's wish that a version be production, whatever the gate said of it.

    Attributes:
        request_id: Names it.
        version: The version.
        digest: Of its bundle, so that it is the one that was seen.
        by: Who asked: the id of an API key.
        reason: Why, in the words of whoever asked.
        at: When, ISO 8601, UTC.
    """

    request_id: str
    version: str
    digest: str
    by: str
    reason: str
    at: str


@dataclass(frozen=True)
class PromotionOutcome:
    """What came of a request.

    Attributes:
        request: The request.
        end: How it ended.
        message: The same as a sentence, with the reason of a refusal.
        at: When, ISO 8601, UTC.
    """

    request: PromotionRequest
    end: PromotionEnd
    message: str
    at: str


class PromotionFiles:
    """Where server and publisher speak of promotions.

    Args:
        root: The published folder.
    """

    def __init__(self, root: Path) -> None:
        self.versions_file = root / "versions.json"
        self.request_file = root / "promotion.json"
        self.outcome_file = root / "promotion-outcome.json"

    def versions(self) -> tuple[RegisteredVersion, ...]:
        """Return the versions that the publisher last saw, the newest first.

        Raises:
            BundleError: The file is not what `write_versions` writes.
        """
        return _read(self.versions_file, _versions) or ()

    def write_versions(self, versions: tuple[RegisteredVersion, ...]) -> None:
        """Say which versions there are, the newest first."""
        write_json(self.versions_file, {"versions": [asdict(version) for version in versions]})

    def ask(self, version: str, by: str, reason: str) -> PromotionRequest:
        """Leave the wish that a version be production; it is durable on return.

        Raises:
            BundleError: The file of versions cannot be read.
            UsageError: There is no such version, it is production, or another wish waits.
            OSError: The file cannot be written.
        """
        known = {found.version: found for found in self.versions()}
        chosen = known.get(version)
        if chosen is None:
            raise UsageError(
                "there is no such version",
                place=str(self.versions_file),
                value=version,
                remedy=f"There are: {', '.join(known) or 'none'}.",
            )
        if "production" in chosen.aliases:
            raise UsageError("it is production already", place=f"version {version}")
        made = PromotionRequest(uuid.uuid4().hex, version, chosen.digest, by, reason, _now())
        if not create_json(self.request_file, asdict(made)):
            raise UsageError(
                "another promotion is asked for and waits for the publisher",
                place=str(self.request_file),
                remedy="The publisher carries it out within seconds: python -m tracking.publish.",
            )
        return made

    def waiting(self) -> PromotionRequest | None:
        """Return the wish that waits for the publisher, or ``None``.

        Raises:
            BundleError: The file is not what `ask` writes.
        """
        return _read(self.request_file, lambda plain: PromotionRequest(**plain))

    def end(self, request: PromotionRequest, end: PromotionEnd, message: str) -> None:
        """Say what came of a wish, and remove it."""
        write_json(self.outcome_file, asdict(PromotionOutcome(request, end, message, _now())))
        self.request_file.unlink(missing_ok=True)

    def last(self) -> PromotionOutcome | None:
        """Return what came of the last wish, or ``None``.

        Raises:
            BundleError: The file is not what `end` writes.
        """
        return _read(self.outcome_file, _outcome)


def _versions(plain: Mapping[str, Any]) -> tuple[RegisteredVersion, ...]:
    return tuple(
        RegisteredVersion(**{**item, "aliases": tuple(item["aliases"]), "why": tuple(item["why"])})
        for item in plain["versions"]
    )


def _outcome(plain: Mapping[str, Any]) -> PromotionOutcome:
    return PromotionOutcome(**{**plain, "request": PromotionRequest(**plain["request"])})


def _read(file: Path, parse: Callable[[Mapping[str, Any]], T]) -> T | None:
    try:
        return parse(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(
            f"it cannot be read: {error}", place=str(file), remedy="Remove it."
        ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
