"""Whether a candidate may replace the production model: a pure function of the evidence.

How the comparison is judged. The best estimate of a loss decides: a candidate is refused when its
NDCG@10 lies more than the margin below production's, or its RMSE more than the margin above, on
the same ratings of the same users. The paired bootstrap interval does not decide alone, for two
reasons. To ask that the whole interval lie within the margin (a test of non-inferiority) would
refuse even an equal model wherever the test set is too small for so narrow an interval; to refuse
only when the whole interval lies beyond the margin (a proven loss) would let a poor model through
on that same small test set. The two mistakes do not cost the same: an equal model that is refused
leaves a sound one in production, a poor model that is accepted is shown to everyone. A retrained
equal model passes, since its answers differ little user by user and the paired difference stays
near 0. The interval says how sure the verdict is, ``proven`` or ``not certain``, and a loss proven
by the interval is refused whatever the estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from recommender.bundle import Bundle
from recommender.errors import UsageError
from recommender.evaluation.behaviour.report import BehaviourReport
from recommender.evaluation.bootstrap import PairedDifference
from recommender.evaluation.comparison import compare_reports
from recommender.evaluation.report import EvaluationReport
from recommender.evaluation.shadow import ShadowReport
from recommender.schema import Split
from recommender.settings import GateSettings

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Origin:
    """What a model was trained on.

    Attributes:
        bundle_digest: SHA-256 that names the model.
        dataset: Name of the data set.
        dataset_digest: SHA-256 of its source.
        split_method: How training ratings were set apart from the rest.
        seed: Seed of the split.
        train_end: Training timestamps are below it (seconds), or ``None`` if not split by time.
        split_params: How large the parts are, as in ``params.yaml``.
    """

    bundle_digest: str
    dataset: str
    dataset_digest: str
    split_method: str
    seed: int
    train_end: int | None
    split_params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Origin:
        """Return what the manifest of ``bundle`` says."""
        manifest = bundle.manifest
        return cls(
            bundle_digest=bundle.digest,
            dataset=manifest.dataset,
            dataset_digest=manifest.dataset_digest,
            split_method=manifest.split_method,
            seed=manifest.seed,
            train_end=manifest.train_end,
            split_params=manifest.params.get("split", {}),
        )


@dataclass(frozen=True)
class CandidateEvidence:
    """What is known of the candidate.

    Attributes:
        origin: What it was trained on.
        report: Its metrics on the test set.
        behaviour: Its behavioural tests.
        validation_passed: Whether the data passed every critical expectation.
        test_start: Test timestamps are at or above it (seconds), or ``None`` if not split by time.
    """

    origin: Origin
    report: EvaluationReport
    behaviour: BehaviourReport
    validation_passed: bool
    test_start: int | None


@dataclass(frozen=True)
class ProductionEvidence:
    """What is known of the production model.

    Attributes:
        version: Its version in the registry.
        origin: What it was trained on.
        report: Its metrics on the candidate's test set, or ``None`` where `unfairness` says that
            they would prove nothing, or where it is unreadable.
        unreadable: Why this code cannot read its bundle, ``None`` if it can.
        shadow: How it and the candidate answer the same real requests, or ``None`` where they were
            not asked.
    """

    version: str
    origin: Origin
    report: EvaluationReport | None
    unreadable: str | None = None
    shadow: ShadowReport | None = None


@dataclass(frozen=True)
class GateReason:
    """One rule and how it went.

    Attributes:
        rule: Name of the rule.
        passed: Whether it lets the candidate through.
        detail: The numbers behind it, and what to do where that is not plain.
    """

    rule: str
    passed: bool
    detail: str


@dataclass(frozen=True)
class GateDecision:
    """Whether to promote, and why.

    Attributes:
        promote: Whether every rule lets the candidate through.
        reasons: Every rule that was asked, in order.
    """

    promote: bool
    reasons: tuple[GateReason, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as plain values that JSON can hold."""
        return {"promote": self.promote, "reasons": [asdict(reason) for reason in self.reasons]}

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> GateDecision:
        """Return the decision that `to_dict` turned into ``tree``."""
        return cls(tree["promote"], tuple(GateReason(**reason) for reason in tree["reasons"]))


def should_promote(
    candidate: CandidateEvidence, production: ProductionEvidence | None, settings: GateSettings
) -> GateDecision:
    """Decide whether ``candidate`` becomes production.

    Every rule that applies is asked, so that the reasons are complete:

    ==================  ========================================================================
    rule                lets through
    ==================  ========================================================================
    ``new_model``       a bundle other than production's
    ``data_validation`` data that passed every critical expectation
    ``behaviour``       a model that failed no behavioural test
    ``dataset``         a data set of production's name, or ``accept_dataset_change``
    ``comparison``      always; says against what the next two rules measure
    ``ndcg_at_10``      no loss beyond ``ndcg_margin``; without a fair comparison ``min_ndcg``
    ``rmse``            no loss beyond ``rmse_margin``; without a fair comparison ``max_rmse``
    ``shadow``          on real requests: no loss of estimated stars beyond
                        ``shadow_margin``, no more than ``shadow_latency`` times the time
    ==================  ========================================================================

    Args:
        candidate: What is known of the candidate.
        production: The same of the production model, ``None`` if there is none.
        settings: Margins and floors.

    Raises:
        UsageError: A fair comparison is possible but production was not measured, or not on the
            candidate's test set.
    """
    reasons = [_validation(candidate), _behaviour(candidate)]
    if production is None:
        reasons.append(GateReason("comparison", True, "there is no production model: floors apply"))
        reasons += _floors(candidate.report, settings)
        return _decide(reasons)
    if candidate.origin.bundle_digest == production.origin.bundle_digest:
        detail = f"already production, as version {production.version}: nothing changes"
        return _decide([GateReason("new_model", False, detail), *reasons])
    reasons.insert(0, GateReason("new_model", True, f"differs from version {production.version}"))
    reasons.append(_dataset(candidate.origin, production.origin, settings))
    unfair = production.unreadable or unfairness(
        candidate.origin, production.origin, candidate.test_start
    )
    if unfair is not None:
        reasons.append(GateReason("comparison", True, f"no fair comparison: {unfair}"))
        reasons += _floors(candidate.report, settings)
    else:
        reasons += _comparison(candidate, production, settings)
    if production.shadow is not None:
        reasons.append(_shadow(production.shadow, settings))
    return _decide(reasons)


def start_of_test(split: Split) -> int | None:
    """Return the time (seconds) from which test ratings come, ``None`` if not split by time."""
    return split.validation_end if split.method == "temporal" else None


def unfairness(candidate: Origin, production: Origin, test_start: int | None) -> str | None:
    """Return why production cannot be measured on the candidate's test set, ``None`` if it can.

    It can if none of the test ratings were in its training data: it was trained on what came
    before the test, or on the same parts of the same data.

    Args:
        candidate: What the candidate was trained on.
        production: What production was trained on.
        test_start: When the candidate's test begins (seconds), ``None`` if not split by time.
    """
    if candidate.dataset != production.dataset:
        return (
            f"production was trained on {production.dataset}, the candidate on "
            f"{candidate.dataset}; the floors apply"
        )
    if _same_parts(candidate, production):
        return None
    if test_start is None:
        return (
            f"the parts are {candidate.split_method} and production's are other ones, so that "
            "test ratings may have been among its training ratings; the floors apply. To compare, "
            "train both with one data set, seed and split, or with split.method temporal"
        )
    if production.train_end is None:
        return (
            f"production's parts are {production.split_method}, so that its training ratings may "
            "reach into the test; the floors apply. To compare, train it with split.method temporal"
        )
    if production.train_end > test_start:
        return (
            f"production's training ratings end at {production.train_end}, after the test begins "
            f"at {test_start}; the floors apply. To compare, train the candidate on data whose "
            "test begins later, or train production's parameters on the candidate's split"
        )
    return None


def _same_parts(candidate: Origin, production: Origin) -> bool:
    random = candidate.split_method == "random"
    return (
        candidate.dataset_digest == production.dataset_digest
        and candidate.split_method == production.split_method
        and dict(candidate.split_params) == dict(production.split_params)
        and (not random or candidate.seed == production.seed)
    )


def _validation(candidate: CandidateEvidence) -> GateReason:
    passed = candidate.validation_passed
    found = "every critical expectation holds" if passed else "a critical expectation failed"
    return GateReason("data_validation", passed, found)


def _behaviour(candidate: CandidateEvidence) -> GateReason:
    report = candidate.behaviour
    failed = ", ".join(result.name for result in report.failed)
    detail = f"{report.summary}{f': {failed}' if failed else ''}"
    return GateReason("behaviour", report.passed, detail)


def _dataset(candidate: Origin, production: Origin, settings: GateSettings) -> GateReason:
    if candidate.dataset == production.dataset:
        return GateReason("dataset", True, f"both are trained on {candidate.dataset}")
    change = f"production is trained on {production.dataset}, the candidate on {candidate.dataset}"
    if settings.accept_dataset_change:
        return GateReason("dataset", True, f"{change}; the change is accepted")
    return GateReason("dataset", False, f"{change}; set gate.accept_dataset_change to allow it")


def _floors(report: EvaluationReport, settings: GateSettings) -> list[GateReason]:
    ndcg, rmse = report.metrics["ndcg_at_10"], report.metrics["rmse"]
    return [
        GateReason(
            "ndcg_at_10", ndcg >= settings.min_ndcg, f"{ndcg:.4f}, floor {settings.min_ndcg:g}"
        ),
        GateReason("rmse", rmse <= settings.max_rmse, f"{rmse:.4f}, ceiling {settings.max_rmse:g}"),
    ]


def _comparison(
    candidate: CandidateEvidence, production: ProductionEvidence, settings: GateSettings
) -> list[GateReason]:
    if production.report is None:
        raise UsageError(
            "production was not measured on the candidate's test set",
            place=f"version {production.version}",
            remedy="Evaluate it on the candidate's split before asking the gate.",
        )
    found = compare_reports(candidate.report, production.report)
    ndcg, rmse = found["ndcg_at_10"], found["rmse"]
    measured = (
        f"version {production.version} on the same {candidate.report.counts['ratings']:,} ratings "
        f"of {rmse.n_users:,} users, {ndcg.n_users:,} of them ranked"
    )
    return [
        GateReason("comparison", True, measured),
        judge_difference("ndcg_at_10", ndcg, settings.ndcg_margin, higher_is_better=True),
        judge_difference("rmse", rmse, settings.rmse_margin, higher_is_better=False),
    ]


def _shadow(found: ShadowReport, settings: GateSettings) -> GateReason:
    loss = found.production_engagement - found.candidate_engagement
    # Times of less than a few milliseconds say more of the machine than of the model.
    most_ms = max(settings.shadow_latency * found.production_ms, settings.shadow_least_ms)
    detail = (
        f"{found.requests:,} requests of the last day: estimated stars "
        f"{found.candidate_engagement:.3f} against {found.production_engagement:.3f} (loss of at "
        f"most {settings.shadow_margin:g}), {found.candidate_ms:.1f} ms against "
        f"{found.production_ms:.1f} ms (at most {most_ms:.1f} ms), {found.overlap:.0%} of the "
        "movies the same"
    )
    if found.requests < settings.shadow_requests:
        return GateReason("shadow", True, f"{detail}; too few to judge by")
    passed = loss <= settings.shadow_margin + _ROUNDING and found.candidate_ms <= most_ms
    return GateReason("shadow", passed, detail)


def judge_difference(
    rule: str, difference: PairedDifference, margin: float, *, higher_is_better: bool
) -> GateReason:
    """Return whether the candidate loses no more than ``margin`` of one metric.

    Args:
        rule: Name of the rule.
        difference: Candidate minus production.
        margin: The loss that is tolerated, at least 0, in the metric's unit; a loss of exactly
            ``margin`` passes.
        higher_is_better: Whether a loss is a fall.
    """
    if higher_is_better:
        loss, least, most = -difference.estimate, -difference.high, -difference.low
    else:
        loss, least, most = difference.estimate, difference.low, difference.high
    bound = margin + _ROUNDING
    passed = loss <= bound and least <= bound
    certain = most <= bound if passed else least > bound
    numbers = (
        f"{difference.first:.4f} against {difference.second:.4f}: {difference.estimate:+.4f} "
        f"[{difference.low:+.4f}, {difference.high:+.4f}] at {difference.confidence:.0%}"
    )
    verdict = f"{'within' if passed else 'beyond'} the margin of {margin:g}"
    sure = "proven" if certain else "not certain"
    return GateReason(rule, passed, f"{numbers}; {verdict}, {sure}")


def _decide(reasons: list[GateReason]) -> GateDecision:
    return GateDecision(all(reason.passed for reason in reasons), tuple(reasons))
