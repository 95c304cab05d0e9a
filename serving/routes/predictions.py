"""What a user would rate a movie, how sure that is, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from events.records import UserHistory
from recommender.inference.intervals import DEFAULT_LEVEL
from recommender.scorer import RatingEstimates
from serving.answering import as_json
from serving.document import problems_of
from serving.lists import Asked, history_of, reason, viewer_of
from serving.model_now import known_movie, model_now
from serving.models.loading import ServedModel
from serving.parsing import checked
from serving.schemas.answers import PredictionAnswer
from serving.schemas.given import PairPath, PredictionQuery
from serving.services import services

_TAG = Tag(name="Predictions", description="Ratings before they are made.")
api = APIBlueprint("predictions", __name__, url_prefix="/v1/predictions", abp_tags=[_TAG])


@api.get(
    "/<user_id>/<movie_id>",
    summary="Estimate a rating",
    responses={200: PredictionAnswer, **problems_of(404, 422, 503)},
)
@checked
def predict(path: PairPath, query: PredictionQuery) -> Response:
    """With an interval of the asked level, and the sum that makes the estimate."""
    served = model_now()
    known_movie(served.recommender, path.movie_id)
    watermark = services().events.watermark(path.user_id)
    history = history_of(services(), path.user_id, watermark)
    return as_json(prediction(served, path.user_id, history, path.movie_id, query.level))


def prediction(
    served: ServedModel,
    user_id: int | None,
    history: UserHistory,
    movie_id: int,
    level: float = DEFAULT_LEVEL,
) -> dict[str, Any]:
    """Return what someone would rate a movie, as the answer has it.

    Args:
        served: The model.
        user_id: Who, or ``None`` for a stranger.
        history: What they did since the model's data.
        movie_id: A movie of the catalogue.
        level: Share of ratings that the interval holds.

    Raises:
        UsageError: The model has no intervals of this level.
    """
    recommender = served.recommender
    viewer = viewer_of(recommender, Asked(user_id=user_id), history)
    estimates = recommender.estimate_for_history(
        viewer.movie_ids, viewer.ratings, [movie_id], user_id=viewer.user_id, level=level
    )
    explained = recommender.explain_rating(
        movie_id, user_id=viewer.user_id, movie_ids=viewer.movie_ids, ratings=viewer.ratings
    )
    return {
        "user_id": user_id,
        "movie_id": movie_id,
        "rating": float(estimates.ratings[0]),
        "path": estimates.paths[0],
        "interval": _interval(estimates),
        "no_interval": estimates.no_intervals,
        "explanation": {
            "parts": [asdict(part) for part in explained.parts],
            "reasons": [reason(recommender, found) for found in explained.reasons],
        },
        "model_version": served.version,
        "model_digest": served.digest,
    }


def _interval(estimates: RatingEstimates) -> dict[str, Any] | None:
    intervals = estimates.intervals
    if intervals is None:
        return None
    return {
        "level": intervals.level,
        "low": float(intervals.lows[0]),
        "high": float(intervals.highs[0]),
        "group": intervals.group_names[int(intervals.groups[0])],
    }
