"""Compare two models that were measured on the same ratings of the same users."""

from __future__ import annotations

from collections.abc import Sequence

from recommender.errors import UsageError
from recommender.evaluation.bootstrap import PairedDifference, paired_difference
from recommender.evaluation.report import EvaluationReport


def compare_reports(
    candidate: EvaluationReport,
    other: EvaluationReport,
    metrics: Sequence[str] = ("ndcg_at_10", "rmse"),
) -> dict[str, PairedDifference]:
    """Return candidate minus other for each metric, with its paired bootstrap interval.

    The candidate's settings and seed give the number of resamples and the level.

    Args:
        candidate: Report of the one model.
        other: Report of the other.
        metrics: Keys that `EvaluationReport.user_totals` knows.

    Raises:
        UsageError: The reports are over different ratings or different users.
    """
    if (candidate.part_digest, candidate.settings.relevance_threshold) != (
        other.part_digest,
        other.settings.relevance_threshold,
    ):
        raise UsageError(
            "the two models were not measured on the same test set",
            place=f"{candidate.model} and {other.model}",
            remedy="Evaluate both on one split with the same settings.",
        )
    differences = {}
    for key in metrics:
        try:
            differences[key] = paired_difference(
                candidate.user_totals(key),
                other.user_totals(key),
                n_samples=candidate.settings.bootstrap_samples,
                confidence=candidate.settings.confidence,
                seed=candidate.seed,
            )
        except ValueError as error:
            raise UsageError(
                str(error),
                place=f"{key} of {candidate.model} and {other.model}",
                remedy="Evaluate both with the same seed and the same max_users.",
            ) from error
    return differences
