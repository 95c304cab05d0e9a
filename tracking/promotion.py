"""Promotion and rollback: who becomes production, decided and carried out under one lock."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Any, Literal

from recommender.bundle import Bundle
from recommender.errors import RegistryError
from recommender.evaluation.gate import GateDecision
from tracking.changes import finish_change, make_change
from tracking.connection import registry_errors
from tracking.locks import StillHeld
from tracking.processes import this_process, this_user
from tracking.registry import Registry
from tracking.versions import (
    BY_HAND_TAG,
    CANDIDATE,
    DECISION_TAG,
    PREVIOUS,
    PRODUCTION,
    Version,
    now,
)

Outcome = Literal["promoted", "rejected", "unchanged", "rolled_back"]
#: Longest description of a version that MLflow stores, in characters.
_MAX_DESCRIPTION = 5000


@dataclass(frozen=True)
class ProductionModel:
    """The production model, for the one who decides about its successor.

    Attributes:
        version: Its version.
        bundle: Its bundle, verified.
    """

    version: Version
    bundle: Bundle

    @property
    def number(self) -> str:
        """The version's number."""
        return self.version.version


@dataclass(frozen=True)
class PromotionResult:
    """What a promotion or a rollback came to.

    Attributes:
        outcome: ``promoted``, ``rejected`` by the gate, ``unchanged`` or ``rolled_back``.
        version: The version that it was about.
        production: The version that is production now, or ``None``.
        previous: The version that is previous now, or ``None``.
        decision: The gate's decision, or ``None`` where it was not asked.
        message: The outcome as a sentence.
    """

    outcome: Outcome
    version: str
    production: str | None
    previous: str | None
    decision: GateDecision | None
    message: str

    @property
    def promoted(self) -> bool:
        """Whether the version became production."""
        return self.outcome == "promoted"

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values for JSON."""
        decision = None if self.decision is None else self.decision.to_dict()
        return {
            **{item.name: getattr(self, item.name) for item in fields(self)},
            "decision": decision,
        }


#: Judges a candidate against production, or against floors where there is none.
Decide = Callable[[ProductionModel | None], GateDecision]


def promote(
    registry: Registry, version: str, decide: Decide, *, run_id: str | None = None
) -> PromotionResult:
    """Ask ``decide`` about a version and, if it says so, make the version production.

    The lock is held from reading production to moving the aliases, so what was compared with is
    what is replaced. A kill at any point leaves one production, and the next call completes it.
    A version that was rolled back is refused without asking: a nightly run on unchanged data must
    not undo what a person did.

    Args:
        registry: The registry.
        version: A complete version.
        decide: Called with the current production, or ``None``; its errors pass through.
        run_id: The run that asks, which gets the decision as an artifact.

    Raises:
        BundleError: Production's stored bundle is missing or altered.
        RegistryError: There is no such complete version, MLflow is out of reach, or another
            pipeline holds the lock for too long.
    """
    with registry.lock() as still_held:
        with _errors(registry):
            finish_change(registry.client, registry.model_name)
        asked, production = registry.version(version), registry.production()
        _check_complete(registry, asked)
        if production is not None and production.digest == asked.digest:
            _drop_candidate(registry, asked)
            message = f"Version {production.version} already is this very model in production."
            return _result(registry, "unchanged", asked, None, message)
        if asked.rolled_back:
            message = f"Version {version} was rolled back ({asked.rolled_back}) and stays out."
            return _result(registry, "rejected", asked, None, message)
        decision = decide(_open_production(registry, production))
        still_held()
        _store_decision(registry, asked, production, decision, run_id)
        if not decision.promote:
            message = f"Version {version} is not promoted: {_failures(decision)}."
            return _result(registry, "rejected", asked, decision, message)
        with _errors(registry):
            _make_production(registry, still_held, asked, production, decision)
        return _result(registry, "promoted", asked, decision, f"Version {version} is production.")


def promote_by_hand(registry: Registry, version: str, *, why: str) -> PromotionResult:
    """Make a version production because a person says so, whatever the gate said of it.

    Its bundle is verified all the same. What it replaces becomes previous, so a rollback undoes it.

    Args:
        registry: The registry.
        version: A complete version; its own record keeps ``why``.
        why: Who wants it and for what reason.

    Raises:
        BundleError: Its stored bundle is missing or altered; nothing changes.
        RegistryError: There is no such complete version, MLflow is out of reach, or another
            pipeline holds the lock for too long.
    """
    with _errors(registry), registry.lock() as still_held:
        finish_change(registry.client, registry.model_name)
        asked, production = registry.version(version), registry.production()
        _check_complete(registry, asked)
        registry.bundle(asked)
        if production is None or production.version != version:
            make_change(
                registry.client,
                registry.model_name,
                still_held,
                kind="promotion",
                production=version,
                previous=None if production is None else production.version,
                why=why,
            )
        said = f"{now()}: {why}"[:_MAX_DESCRIPTION]
        registry.client.set_model_version_tag(registry.model_name, version, BY_HAND_TAG, said)
        return _result(registry, "promoted", asked, None, f"Version {version} is production.")


def rollback(
    registry: Registry, *, why: str = "asked for by hand", digest: str | None = None
) -> PromotionResult:
    """Put ``previous`` back as production; what it replaces becomes previous.

    Hence a second rollback undoes the first.

    Args:
        registry: The registry.
        why: For the record.
        digest: Of the model that is taken back; if another one is production by now, nothing
            changes. Whatever is production unless given.

    Raises:
        BundleError: The previous version's stored bundle is missing or altered; nothing changes.
        RegistryError: There is no previous version, MLflow is out of reach, or another pipeline
            holds the lock for too long.
    """
    with _errors(registry), registry.lock() as still_held:
        if registry.aliases():
            finish_change(registry.client, registry.model_name)
        production = registry.production()
        if digest is not None and (production is None or production.digest != digest):
            return _stale_rollback(registry, digest)
        replaced, restored = _rollback_pair(registry)
        registry.bundle(restored)
        make_change(
            registry.client,
            registry.model_name,
            still_held,
            kind="rollback",
            production=restored.version,
            previous=None if replaced is None else replaced.version,
            why=why,
        )
        message = f"Version {restored.version} is production again."
        return _result(registry, "rolled_back", restored, None, message)


def _stale_rollback(registry: Registry, digest: str) -> PromotionResult:
    version = registry.find(digest)
    message = "The model that is taken back is not production any more."
    number = "" if version is None else version.version
    aliases = registry.aliases()
    return PromotionResult(
        "unchanged", number, aliases.get(PRODUCTION), aliases.get(PREVIOUS), None, message
    )


def _rollback_pair(registry: Registry) -> tuple[Version | None, Version]:
    production, previous = registry.production(), registry.previous()
    if previous is None or (production is not None and production.version == previous.version):
        raise RegistryError(
            "there is no previous version to put back",
            place=f"registered model {registry.model_name}",
            remedy="A rollback is possible once a second version has been promoted.",
        )
    return production, previous


def _check_complete(registry: Registry, version: Version) -> None:
    if not version.complete:
        raise RegistryError(
            "its registration did not come to an end",
            place=f"{registry.model_name} version {version.version}",
            remedy="Run the pipeline again, which registers the model anew.",
        )


def _open_production(registry: Registry, production: Version | None) -> ProductionModel | None:
    if production is None:
        return None
    return ProductionModel(production, registry.bundle(production, any_format=True))


def _make_production(
    registry: Registry,
    still_held: StillHeld,
    version: Version,
    production: Version | None,
    decision: GateDecision,
) -> None:
    make_change(
        registry.client,
        registry.model_name,
        still_held,
        kind="promotion",
        production=version.version,
        previous=None if production is None else production.version,
        why="; ".join(f"{reason.rule}: {reason.detail}" for reason in decision.reasons),
    )


def _drop_candidate(registry: Registry, version: Version) -> None:
    if CANDIDATE in version.aliases:
        with _errors(registry):
            registry.client.delete_registered_model_alias(registry.model_name, CANDIDATE)


def _store_decision(
    registry: Registry,
    version: Version,
    production: Version | None,
    decision: GateDecision,
    run_id: str | None,
) -> None:
    against = None if production is None else production.version
    record = {
        "version": version.version,
        "against": against,
        "at": now(),
        "by": f"{this_user()}, {this_process()}",
        "decision": decision.to_dict(),
    }
    client, name = registry.client, registry.model_name
    with _errors(registry):
        text = json.dumps(record, sort_keys=True, ensure_ascii=False)
        client.set_model_version_tag(name, version.version, DECISION_TAG, text)
        described = _describe(decision, against)[:_MAX_DESCRIPTION]
        client.update_model_version(name, version.version, description=described)
        if run_id is not None:
            client.log_dict(run_id, record, f"promotion/version-{version.version}.json")


def _describe(decision: GateDecision, against: str | None) -> str:
    """Return the decision as the Markdown that MLflow shows on the version's page."""
    verdict = "Promoted" if decision.promote else "Not promoted"
    other = "without a production model" if against is None else f"against version {against}"
    rows = [
        f"| {reason.rule} | {'passed' if reason.passed else 'failed'} | {reason.detail} |"
        for reason in decision.reasons
    ]
    table = ["| Rule | Result | Detail |", "|---|---|---|", *rows]
    return "\n".join([f"{verdict} by the gate, {other}.", "", *table])


def _failures(decision: GateDecision) -> str:
    failed = [reason for reason in decision.reasons if not reason.passed]
    return "; ".join(f"{reason.rule}: {reason.detail}" for reason in failed)


def _result(
    registry: Registry,
    outcome: Outcome,
    version: Version,
    decision: GateDecision | None,
    message: str,
) -> PromotionResult:
    aliases = registry.aliases()
    return PromotionResult(
        outcome=outcome,
        version=version.version,
        production=aliases.get(PRODUCTION),
        previous=aliases.get(PREVIOUS),
        decision=decision,
        message=message,
    )


def _errors(registry: Registry) -> AbstractContextManager[None]:
    return registry_errors(f"registered model {registry.model_name}")
