"""Two models on the same requests of real visitors, before one replaces the other.

Neither is asked what it thinks of itself: the engagement that a list promises is its movies' mean
estimated rating by both models, discounted by place as NDCG does. A list that only the model that
made it believes in gains half of that.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.inference import Recommender
from recommender.scale import FloatArray, IntArray


@dataclass(frozen=True)
class RealRequest:
    """What somebody asked for.

    Attributes:
        user_id: Who, or ``None`` for an anonymous visitor.
        k: Length of the list.
        movie_ids: What they rated or liked since the model's data, oldest first.
        ratings: Stars of each, or ``None`` for a like.
    """

    user_id: int | None
    k: int
    movie_ids: tuple[int, ...] = ()
    ratings: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class ShadowReport:
    """How two models answer the same requests.

    Attributes:
        requests: How many were made.
        overlap: Mean share of a list that stands in the other's.
        candidate_engagement: Estimated stars of the candidate's lists.
        production_engagement: The same of production's.
        candidate_ms: Median time that a list takes the candidate, in milliseconds.
        production_ms: The same of production.
    """

    requests: int
    overlap: float
    candidate_engagement: float
    production_engagement: float
    candidate_ms: float
    production_ms: float


def compare_in_shadow(
    candidate: Recommender, production: Recommender, requests: Sequence[RealRequest]
) -> ShadowReport | None:
    """Ask both models for every list, in turns.

    Args:
        candidate: The new model.
        production: The one that is served.
        requests: What was asked; movies and stars that a model does not know have no say.

    Returns:
        The comparison, or ``None`` without requests.
    """
    models, rows = (candidate, production), []
    for request in requests:
        lists = [_timed(model, request) for model in models]
        (first, _), (second, _) = lists
        shared = np.intersect1d(first, second).size / max(first.size, second.size, 1)
        promised = [_engagement(models, request, shown) for shown, _ in lists]
        rows.append([shared, *promised, *(taken for _, taken in lists)])
    if not rows:
        return None
    found = np.array(rows)
    means, medians = found.mean(axis=0).tolist(), np.median(found, axis=0).tolist()
    return ShadowReport(len(rows), means[0], means[1], means[2], medians[3], medians[4])


def _timed(model: Recommender, request: RealRequest) -> tuple[IntArray, float]:
    ratings = _on_scale(model, request)
    begun = time.perf_counter()
    shown = model.recommend_for_history(
        request.movie_ids, ratings, request.k, user_id=request.user_id
    )
    return shown.movie_ids, (time.perf_counter() - begun) * 1000.0


def _engagement(models: Sequence[Recommender], request: RealRequest, shown: IntArray) -> float:
    if not shown.size:
        return models[0].scale.minimum
    stars: list[FloatArray] = [
        model.estimate_for_history(
            request.movie_ids, _on_scale(model, request), shown, user_id=request.user_id
        ).ratings
        for model in models
    ]
    discounts = 1.0 / np.log2(np.arange(shown.size) + 2.0)
    return float(np.average(np.mean(stars, axis=0), weights=discounts))


def _on_scale(model: Recommender, request: RealRequest) -> list[float | None]:
    scale = model.scale
    return [
        None if stars is None else min(max(stars, scale.minimum), scale.maximum)
        for stars in request.ratings
    ]
