"""Recommendations for one user."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, request

from recommender.errors import UsageError

blueprint = Blueprint("recommendations", __name__, url_prefix="/v1/recommendations")
_DEFAULT_K = 10


@blueprint.get("/<int:user_id>")
def recommend(user_id: int) -> dict[str, Any]:
    """Answer with the best ``k`` movies, what made the list and its scores, and the model."""
    recommender = current_app.extensions["recommender"]
    found = recommender.recommend(user_id, _list_length())
    return {
        "user_id": user_id,
        "path": found.path,
        "model": current_app.extensions["bundle"].digest,
        "items": [
            {
                "movie_id": movie_id,
                "title": recommender.title(movie_id),
                "score": score,
                "path": path,
            }
            for movie_id, score, path in zip(
                found.movie_ids.tolist(), found.scores.tolist(), found.item_paths, strict=True
            )
        ],
    }


def _list_length() -> int:
    text = request.args.get("k", str(_DEFAULT_K))
    most = current_app.config["MAX_K"]
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise UsageError(
            f"must be a whole number from 1 to {most}", place="query parameter k", value=text
        )
    return int(text)
