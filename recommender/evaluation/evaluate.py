"""Measure one model on one part of a split: rating accuracy, full ranking, slices, intervals."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from recommender.errors import RouletteError, UsageError
from recommender.evaluation.bootstrap import UserTotals, bootstrap_intervals
from recommender.evaluation.lists import Progress, RankedLists
from recommender.evaluation.measurements import (
    Measurements,
    Part,
    measure,
    part_ratings,
    ranking_totals,
    rating_totals,
)
from recommender.evaluation.ranking import (
    RANKING_METRICS,
    BoolArray,
    catalogue_coverage,
    gini_of_exposure,
    self_information,
)
from recommender.evaluation.rating import calibration, error_histogram
from recommender.evaluation.report import HEADLINE_K, EvaluationReport, UserErrors, UserScores
from recommender.evaluation.slices import slice_rows
from recommender.scale import FloatArray
from recommender.schema import Split
from recommender.scorer import Recommends
from recommender.settings import EvaluationSettings


def evaluate(
    model: Recommends,
    split: Split,
    settings: EvaluationSettings,
    seed: int,
    *,
    part: Part = "test",
    progress: Progress | None = None,
) -> EvaluationReport:
    """Measure ``model`` on ``part`` of ``split``.

    Ranking is over the whole catalogue without the movies that the user rated before the part
    began: those in training and, for the test, in validation. A movie is relevant when the part
    holds a rating of it at or above the threshold. With more users than ``settings.max_users``, a
    sample drawn by ``seed`` is ranked, and `EvaluationReport.notes` says so.

    Args:
        model: A recommender that was fitted on ``split.train`` alone.
        split: Where the ratings come from.
        settings: How much is measured.
        seed: Seed of the sample and of the resamples.
        part: ``test``, or ``validation``.
        progress: Told of each user ranked.

    Raises:
        UsageError: A setting is out of range.
        DataError: The part is empty or holds no relevant rating.
        RouletteError: The model gave a score that is missing, not finite, or a list that is
            empty for everyone, repeats a movie or leaves the catalogue.
    """
    check_settings(settings)
    frame = part_ratings(split, part)
    k_values = tuple(sorted({*settings.k_values, HEADLINE_K}))
    measured = measure(
        model, split, settings, part=part, seed=seed, width=max(k_values), progress=progress
    )
    metrics, intervals = _overall(measured, split, settings, seed, k_values)
    errors, actual = measured.errors, frame["rating"].to_numpy(dtype=np.float64)
    resampling = {"n_samples": settings.bootstrap_samples, "seed": seed}
    return EvaluationReport(
        model=model.name,
        dataset=split.train.name,
        dataset_digest=split.train.digest,
        split_method=split.method,
        part=part,
        part_digest=ratings_digest(frame),
        seed=seed,
        settings=settings,
        metrics=metrics,
        intervals=intervals,
        counts=_counts(measured, frame, settings.relevance_threshold),
        slices=slice_rows(measured, HEADLINE_K, confidence=settings.confidence, **resampling),
        calibration=calibration(actual, actual + errors, split.train.scale),
        errors=error_histogram(errors, split.train.scale),
        user_errors=_user_errors(measured),
        user_scores=_user_scores(measured),
    )


def ratings_digest(ratings: pd.DataFrame) -> str:
    """Return the SHA-256 (hex) of users, movies and ratings, whatever the order of the rows."""
    ordered = ratings.sort_values(["user_id", "movie_id"], kind="stable")
    digest = hashlib.sha256()
    for column, dtype in (("user_id", "<i4"), ("movie_id", "<i4"), ("rating", "<f4")):
        digest.update(ordered[column].to_numpy().astype(dtype).tobytes())
    return digest.hexdigest()


def check_settings(settings: EvaluationSettings) -> None:
    """Check that every setting is within its range.

    Raises:
        UsageError: One is not.
    """
    problems = (
        ("k_values", settings.k_values, min(settings.k_values, default=1) < 1, "at least 1"),
        ("max_users", settings.max_users, settings.max_users < 1, "at least 1"),
        (
            "bootstrap_samples",
            settings.bootstrap_samples,
            settings.bootstrap_samples < 1,
            "at least 1",
        ),
        (
            "confidence",
            settings.confidence,
            not 0 < settings.confidence < 1,
            "between 0 and 1, both excluded",
        ),
    )
    for name, value, wrong, bound in problems:
        if wrong:
            raise UsageError(f"must be {bound}", place=f"evaluation.{name}", value=value)


def _overall(
    measured: Measurements,
    split: Split,
    settings: EvaluationSettings,
    seed: int,
    k_values: tuple[int, ...],
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    everyone, everything = measured.all_users, measured.all_movies
    totals = rating_totals(measured, everyone, everything)
    totals |= ranking_totals(measured, everyone, everything, k_values)
    n_movies = measured.movie_ratings.size
    exposure = measured.lists.exposure(HEADLINE_K, n_movies)
    if not exposure.any():
        raise RouletteError("the model recommended nothing to anyone", place="evaluation")
    n_train_users = int(split.train.ratings["user_id"].nunique())
    surprise = self_information(measured.movie_ratings, n_train_users)
    totals["novelty"] = _novelty(measured.lists, surprise)
    metrics = {key: item.value for key, item in totals.items()}
    metrics["mean_error"] = float(measured.errors.mean())
    metrics["coverage"] = catalogue_coverage(exposure)
    metrics["gini"] = gini_of_exposure(exposure)
    intervals = bootstrap_intervals(
        totals, n_samples=settings.bootstrap_samples, confidence=settings.confidence, seed=seed
    )
    return metrics, intervals


def _novelty(lists: RankedLists, surprise: FloatArray) -> UserTotals:
    filled: BoolArray = lists.filled[:, :HEADLINE_K]
    has = filled.any(axis=1)
    totals = (surprise[lists.movies[:, :HEADLINE_K]] * filled).sum(axis=1)
    counts = filled.sum(axis=1).astype(np.float64)
    return UserTotals(lists.user_ids[has], totals[has], counts[has])


def _counts(measured: Measurements, frame: pd.DataFrame, threshold: float) -> dict[str, int]:
    movies = np.unique(measured.pair_movies)
    with_relevant = frame.loc[frame["rating"] >= threshold, "user_id"].nunique()
    n_users = measured.user_ids.size
    return {
        "ratings": len(frame),
        "users": n_users,
        "cold_users": int(np.count_nonzero(measured.user_ratings == 0)),
        "users_without_relevant": n_users - int(with_relevant),
        "users_ranked": measured.list_users.size,
        "movies": movies.size,
        "cold_movies": int(np.count_nonzero(measured.movie_ratings[movies] == 0)),
        "catalogue": measured.movie_ratings.size,
    }


def _user_errors(measured: Measurements) -> UserErrors:
    totals = rating_totals(measured, measured.all_users, measured.all_movies)
    return UserErrors(
        user_ids=measured.user_ids,
        n_ratings=totals["rmse"].counts.astype(np.int64),
        squared_error_sum=totals["rmse"].totals,
        absolute_error_sum=totals["mae"].totals,
    )


def _user_scores(measured: Measurements) -> UserScores:
    totals = ranking_totals(measured, measured.all_users, measured.all_movies, (HEADLINE_K,))
    keys = [f"{stem}_at_{HEADLINE_K}" for stem in RANKING_METRICS]
    return UserScores(measured.lists.user_ids, {key: totals[key].totals for key in keys})
