"""What a user would rate a movie, how sure that is, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from recommender.scorer import RatingEstimates
from serving.answering import as_json
from serving.document import problems_of
from serving.lists import Asked, history_of, reason, viewer_of
from serving.model_now import known_movie, model_now
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
    recommender = served.recommender
    known_movie(recommender, path.movie_id)
    watermark = services().events.watermark(path.user_id)
    history = history_of(services(), path.user_id, watermark)
    viewer = viewer_of(recommender, Asked(user_id=path.user_id), history)
    estimates = recommender.estimate_for_history(
        viewer.movie_ids,
        viewer.ratings,
        [path.movie_id],
        user_id=viewer.user_id,
        level=query.level,
    )
    explained = recommender.explain_rating(
        path.movie_id,
        user_id=viewer.user_id,
        movie_ids=viewer.movie_ids,
        ratings=viewer.ratings,
    )
    return as_json(
        {
            "user_id": path.user_id,
            "movie_id": path.movie_id,
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
    )


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
