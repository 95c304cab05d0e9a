"""Moves of the aliases that a kill cannot leave half done, and their history.

A change is first written down whole, as the tag `PENDING_TAG` of the registered model; then the
aliases move, ``previous`` before ``production``; then it is filed under its number and the tag
is removed. Whoever next holds the lock finishes what is pending: every move is the setting of one
pointer to a stated version, so doing it twice is doing it once. Only one version can be
``production`` at any time, because an alias points to one.
"""

from __future__ import annotations

from mlflow import MlflowClient

from tracking.locks import StillHeld
from tracking.processes import this_process, this_user
from tracking.versions import (
    CANDIDATE,
    HISTORY_PREFIX,
    PENDING_TAG,
    PREVIOUS,
    PRODUCTION,
    ROLLED_BACK_TAG,
    Change,
    ChangeKind,
    now,
    read_aliases,
)

#: Longest value of a registered model's tag on every database that MLflow supports is 5,000.
_MAX_WHY = 1500


def make_change(  # the caller holds the lock
    client: MlflowClient,
    model_name: str,
    still_held: StillHeld,
    *,
    kind: ChangeKind,
    production: str,
    previous: str | None,
    why: str,
) -> Change:
    """Move the aliases: ``production`` and ``previous`` to the versions given.

    Args:
        client: A client of the registry.
        model_name: The registered model.
        still_held: Check of the lock, which the caller holds.
        kind: Promotion or rollback.
        production: The version to become production.
        previous: The version that it replaces, or ``None`` for the first.
        why: The reasons, in a sentence.
    """
    change = Change(
        number=len(read_history(client, model_name)) + 1,
        kind=kind,
        production=production,
        previous=previous,
        at=now(),
        by=f"{this_user()}, {this_process()}",
        why=why if len(why) <= _MAX_WHY else f"{why[:_MAX_WHY]}...",
    )
    still_held()
    client.set_registered_model_tag(model_name, PENDING_TAG, change.to_json())
    _apply(client, model_name, change)
    return change


def finish_change(client: MlflowClient, model_name: str) -> Change | None:
    """Complete the change that a killed process left pending; the caller holds the lock.

    Returns:
        The change, or ``None`` if none was pending.
    """
    pending = client.get_registered_model(model_name).tags.get(PENDING_TAG)
    if not pending:
        return None
    change = Change.from_json(pending)
    _apply(client, model_name, change)
    return change


def read_history(client: MlflowClient, model_name: str) -> tuple[Change, ...]:
    """Return the finished changes of a registered model, oldest first."""
    tags = client.get_registered_model(model_name).tags
    kept = sorted(key for key in tags if key.startswith(HISTORY_PREFIX))
    return tuple(Change.from_json(tags[key]) for key in kept)


def _apply(client: MlflowClient, model_name: str, change: Change) -> None:
    if change.previous is not None:
        client.set_registered_model_alias(model_name, PREVIOUS, change.previous)
    client.set_registered_model_alias(model_name, PRODUCTION, change.production)
    aliases = read_aliases(client.get_registered_model(model_name))
    for alias in (CANDIDATE, PREVIOUS):
        if aliases.get(alias) == change.production:
            client.delete_registered_model_alias(model_name, alias)
    _mark_rolled_back(client, model_name, change)
    client.set_registered_model_tag(model_name, change.tag, change.to_json())
    client.delete_registered_model_tag(model_name, PENDING_TAG)


def _mark_rolled_back(client: MlflowClient, model_name: str, change: Change) -> None:
    if change.kind == "rollback" and change.previous is not None:
        said = f"{change.at} by {change.by}: {change.why}"
        client.set_model_version_tag(model_name, change.previous, ROLLED_BACK_TAG, said)
    client.delete_model_version_tag(model_name, change.production, ROLLED_BACK_TAG)
