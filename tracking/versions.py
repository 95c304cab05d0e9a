"""The records that the registry gives out, and the tags and aliases in which MLflow holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from mlflow import MlflowClient

CANDIDATE = "candidate"
PRODUCTION = "production"
PREVIOUS = "previous"

DIGEST_TAG = "roulette.bundle_digest"
COMPLETE_TAG = "roulette.complete"
DECISION_TAG = "roulette.decision"
ROLLED_BACK_TAG = "roulette.rolled_back"
BY_HAND_TAG = "roulette.promoted_by_hand"
PENDING_TAG = "roulette.pending"
HISTORY_PREFIX = "roulette.history."

ChangeKind = Literal["promotion", "rollback"]


@dataclass(frozen=True)
class Version:
    """A version of the registered model.

    Attributes:
        version: Its number, as MLflow writes it.
        digest: SHA-256 of its bundle's manifest, which names the model.
        run_id: The run that made it.
        created: When it was registered, UTC.
        complete: Whether registration came to its end.
        aliases: The aliases that point to it.
        tags: All of its tags.
        source: Where MLflow keeps the model.
    """

    version: str
    digest: str
    run_id: str
    created: datetime
    complete: bool
    aliases: tuple[str, ...]
    tags: Mapping[str, str]
    source: str

    @property
    def rolled_back(self) -> str | None:
        """When, by whom and why the version was taken out of production, or ``None``."""
        return self.tags.get(ROLLED_BACK_TAG) or None

    @property
    def promoted_by_hand(self) -> str | None:
        """When, by whom and why a person made the version production, or ``None``."""
        return self.tags.get(BY_HAND_TAG) or None


@dataclass(frozen=True)
class Change:
    """One move of the aliases, past or under way.

    Attributes:
        number: Counts the changes of this model from 1.
        kind: Promotion or rollback.
        production: The version that became production.
        previous: The version that it replaced, or ``None``.
        at: When, ISO 8601, UTC.
        by: Who: user, process and host.
        why: The reasons.
    """

    number: int
    kind: ChangeKind
    production: str
    previous: str | None
    at: str
    by: str
    why: str

    @property
    def tag(self) -> str:
        """The tag of the registered model that keeps this change."""
        return f"{HISTORY_PREFIX}{self.number:06d}"

    def to_json(self) -> str:
        """Return the change as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Change:
        """Return the change that `to_json` wrote."""
        return cls(**json.loads(text))


def list_versions(client: MlflowClient, model_name: str) -> list[Any]:
    """Return MLflow's entries of every version of a model, in no particular order."""
    entries, token = [], None
    while True:
        page = client.search_model_versions(f"name = '{model_name}'", page_token=token)
        entries.extend(page)
        token = page.token
        if not token:
            return entries


def read_aliases(model: Any) -> dict[str, str]:
    """Return the version to which each alias of MLflow's ``RegisteredModel`` points.

    A database gives numbers, a server texts; a search for versions gives no aliases at all.
    """
    return {alias: str(version) for alias, version in model.aliases.items()}


def read_version(entry: Any, aliases: Mapping[str, str]) -> Version:
    """Return MLflow's model version as our record.

    Args:
        entry: MLflow's ``ModelVersion``, whose own aliases are not to be relied on.
        aliases: Version by alias, of the registered model.
    """
    number = str(entry.version)
    return Version(
        version=number,
        digest=entry.tags.get(DIGEST_TAG, ""),
        run_id=entry.run_id or "",
        created=datetime.fromtimestamp(entry.creation_timestamp / 1000, tz=UTC),
        complete=entry.tags.get(COMPLETE_TAG) == "true",
        aliases=tuple(sorted(alias for alias, target in aliases.items() if target == number)),
        tags=dict(entry.tags),
        source=entry.source or "",
    )


def now() -> str:
    """Return the time as ISO 8601, UTC, to the second."""
    return datetime.now(tz=UTC).isoformat(timespec="seconds")
