"""The record of one evaluation, as the pipeline stores it and the gate reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recommender.evaluation.bootstrap import UserTotals
from recommender.evaluation.measurements import Part
from recommender.evaluation.rating import CalibrationBin, ErrorHistogram
from recommender.evaluation.slices import SliceRow
from recommender.scale import FloatArray, IntArray, SplitMethod
from recommender.settings import EvaluationSettings

#: List length of slices, coverage, Gini, novelty and the gate; always computed.
HEADLINE_K = 10


@dataclass(frozen=True, eq=False)
class UserErrors:
    """Rating errors of each user, as sums that can be added and resampled.

    Attributes:
        user_ids: Shape (n,), rising.
        n_ratings: Shape (n,), measured ratings, at least 1.
        squared_error_sum: Shape (n,), stars squared.
        absolute_error_sum: Shape (n,), stars.
    """

    user_ids: IntArray
    n_ratings: IntArray
    squared_error_sum: FloatArray
    absolute_error_sum: FloatArray


@dataclass(frozen=True, eq=False)
class UserScores:
    """Ranking metrics of each ranked user.

    Attributes:
        user_ids: Shape (n,), rising.
        scores: Metrics at `HEADLINE_K` by key, each of shape (n,).
    """

    user_ids: IntArray
    scores: dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """How good one model is on one part of one split.

    Attributes:
        model: Name of the model.
        dataset: Name of the data set.
        dataset_digest: SHA-256 of its source.
        split_method: How the parts were chosen.
        part: The part that was measured.
        part_digest: SHA-256 of the measured ratings; equal digests are the same test set.
        seed: Seed of the sample of users and of the resamples.
        settings: How much was measured.
        metrics: Overall metrics by key.
        intervals: ``(low, high)`` by key, for the metrics that average over users.
        counts: ``ratings``, ``users``, ``cold_users``, ``movies`` and ``cold_movies`` of the part,
            ``users_without_relevant``, ``users_ranked`` and ``catalogue``.
        slices: Metrics by slice.
        calibration: Mean rating against mean estimate, by estimate.
        errors: Histogram of estimate minus rating.
        user_errors: What each user adds to the rating metrics.
        user_scores: Ranking metrics of each ranked user.
    """

    model: str
    dataset: str
    dataset_digest: str
    split_method: SplitMethod
    part: Part
    part_digest: str
    seed: int
    settings: EvaluationSettings
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    counts: dict[str, int]
    slices: tuple[SliceRow, ...]
    calibration: tuple[CalibrationBin, ...]
    errors: ErrorHistogram
    user_errors: UserErrors
    user_scores: UserScores

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of who was left out, in full sentences."""
        users, without = self.counts["users"], self.counts["users_without_relevant"]
        eligible, ranked = users - without, self.counts["users_ranked"]
        notes = []
        if without:
            notes.append(
                f"{without} of {users} users rated nothing at "
                f"{self.settings.relevance_threshold:g} stars or above and have no ranking metrics."
            )
        if ranked < eligible:
            notes.append(
                f"Ranking metrics are over {ranked} of {eligible} users, drawn with seed "
                f"{self.seed} (max_users is {self.settings.max_users})."
            )
        return tuple(notes)

    def user_totals(self, key: str) -> UserTotals:
        """Return what each user adds to the metric ``key``.

        Args:
            key: ``rmse``, ``mae``, or a ranking metric at `HEADLINE_K`.

        Raises:
            KeyError: The metric is not kept by user.
        """
        if key in ("rmse", "mae"):
            errors = self.user_errors
            sums = errors.squared_error_sum if key == "rmse" else errors.absolute_error_sum
            counts = errors.n_ratings.astype(np.float64)
            return UserTotals(errors.user_ids, sums, counts, root=key == "rmse")
        values = self.user_scores.scores[key]
        return UserTotals(self.user_scores.user_ids, values, np.ones(values.size))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values that JSON can hold without loss."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> EvaluationReport:
        """Return the report that `to_dict` turned into ``tree``.

        Raises:
            KeyError: A field is absent.
            TypeError: A field is unknown.
        """
        settings, errors = tree["settings"], tree["errors"]
        return cls(
            **{
                **tree,
                "settings": EvaluationSettings(
                    **{**settings, "k_values": tuple(settings["k_values"])}
                ),
                "intervals": _pairs(tree["intervals"]),
                "slices": tuple(
                    SliceRow(**{**row, "intervals": _pairs(row["intervals"])})
                    for row in tree["slices"]
                ),
                "calibration": tuple(CalibrationBin(**item) for item in tree["calibration"]),
                "errors": ErrorHistogram(tuple(errors["edges"]), tuple(errors["counts"])),
                "user_errors": _user_errors(tree["user_errors"]),
                "user_scores": _user_scores(tree["user_scores"]),
            }
        )


def _user_errors(tree: Mapping[str, Any]) -> UserErrors:
    return UserErrors(
        user_ids=np.array(tree["user_ids"], dtype=np.int64),
        n_ratings=np.array(tree["n_ratings"], dtype=np.int64),
        squared_error_sum=np.array(tree["squared_error_sum"], dtype=np.float64),
        absolute_error_sum=np.array(tree["absolute_error_sum"], dtype=np.float64),
    )


def _user_scores(tree: Mapping[str, Any]) -> UserScores:
    scores: dict[str, FloatArray] = {
        key: np.array(values, dtype=np.float64) for key, values in tree["scores"].items()
    }
    return UserScores(np.array(tree["user_ids"], dtype=np.int64), scores)


def _pairs(tree: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {key: (low, high) for key, (low, high) in tree.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
