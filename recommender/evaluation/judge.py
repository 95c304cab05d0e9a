"""Puts a candidate and the production model before the gate, measured on the same test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from recommender.bundle import Bundle
from recommender.errors import BundleError
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.gate import (
    CandidateEvidence,
    GateDecision,
    Origin,
    ProductionEvidence,
    should_promote,
    unfairness,
)
from recommender.evaluation.report import EvaluationReport
from recommender.evaluation.shadow import RealRequest, ShadowReport, compare_in_shadow
from recommender.inference import Recommender
from recommender.schema import Split
from recommender.settings import GateSettings


class Served(Protocol):
    """A model that is in production."""

    @property
    def number(self) -> str:
        """Its version in the registry."""
        ...

    @property
    def bundle(self) -> Bundle:
        """Its bundle, verified."""
        ...


@dataclass(frozen=True)
class Shadow:
    """What both models are asked.

    Attributes:
        candidate: The candidate's bundle.
        requests: Of real visitors.
    """

    candidate: Bundle
    requests: Sequence[RealRequest]


class Judge:
    """Measures a production model where that is fair, and asks the gate.

    Args:
        candidate: What is known of the candidate.
        split: The split on which the candidate was measured.
        settings: Margins and floors.
        shadow: The candidate and the requests that both models are asked, or ``None`` for none.

    Attributes:
        production_report: Metrics of the production model on the candidate's test set, once it
            was measured; else ``None``.
    """

    def __init__(
        self,
        candidate: CandidateEvidence,
        split: Split,
        settings: GateSettings,
        shadow: Shadow | None = None,
    ) -> None:
        self._shadow = shadow
        self._candidate = candidate
        self._split = split
        self._settings = settings
        self.production_report: EvaluationReport | None = None

    @property
    def production_metrics(self) -> dict[str, float] | None:
        """Metrics of the production model, ``None`` if it was not measured."""
        return None if self.production_report is None else self.production_report.metrics

    def decide(self, production: Served | None) -> GateDecision:
        """Return the gate's decision against ``production``, or ``None`` if there is none."""
        if production is None:
            return should_promote(self._candidate, None, self._settings)
        origin = Origin.of_bundle(production.bundle)
        unreadable = None
        if unfairness(self._candidate.origin, origin, self._candidate.test_start) is None:
            unreadable = self._measure(production.bundle)
        report = self.production_report
        shadow = None if unreadable else self._asked_in_shadow(production.bundle)
        evidence = ProductionEvidence(production.number, origin, report, unreadable, shadow)
        return should_promote(self._candidate, evidence, self._settings)

    def _measure(self, bundle: Bundle) -> str | None:
        """Measure production, or return why its bundle cannot be read.

        A bundle of an earlier version of the code would otherwise stand in the way of its own
        replacement.
        """
        try:
            model = Recommender.from_bundle(bundle)
        except BundleError as error:
            return f"production cannot be read by this version of the code ({error}); floors apply"
        report = self._candidate.report
        self.production_report = evaluate(model, self._split, report.settings, report.seed)
        return None

    def _asked_in_shadow(self, bundle: Bundle) -> ShadowReport | None:
        """Ask both models; ``None`` without requests, or where production cannot be read."""
        if self._shadow is None or not self._shadow.requests:
            return None
        try:
            production = Recommender.from_bundle(bundle)
        except BundleError:
            # `_measure` says so where it matters; the floors apply.
            return None
        candidate = Recommender.from_bundle(self._shadow.candidate)
        return compare_in_shadow(candidate, production, self._shadow.requests)
