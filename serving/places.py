"""One place of a list that was shown: the parts of its score, and the model behind it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from events.records import ServedList
from serving.lists import Asked, reason, viewer_of
from serving.models.loading import ServedModel
from serving.problems import Problem
from serving.replays import history_then, lineage_of, model_of
from serving.services import Services

Plain = dict[str, Any]


def explain_place(using: Services, shown: ServedList, movie_id: int) -> Plain:
    """Return why a movie stands in a list that was shown, as the answer has it.

    Args:
        using: Where models and histories are.
        shown: The list.
        movie_id: A movie of it.

    Raises:
        Problem: 404 where the movie is not in the list.
        StoreUnavailable: The user's history cannot be read.
    """
    place = next((n for n, item in enumerate(shown.items) if item["movie_id"] == movie_id), None)
    if place is None:
        raise Problem(404, "The movie is not in that list.", kind="no-such-movie")
    item = shown.items[place]
    served, missing = model_of(using, shown)
    plain = {
        "recommendation_id": shown.recommendation_id,
        "movie_id": movie_id,
        "position": place,
        "score": item["score"],
        "path": item["path"],
        "title": None,
        "parts": None,
        "reasons": None,
        "no_parts": missing,
        "model_version": shown.model_version,
        "model_digest": shown.bundle_digest,
        **lineage_of(using, shown, served),
    }
    return plain if served is None else plain | _explained(using, served, shown, movie_id)


def _explained(using: Services, served: ServedModel, shown: ServedList, movie_id: int) -> Plain:
    recommender, asked = served.recommender, Asked.from_plain(shown.request)
    title = {"title": recommender.title(movie_id)}
    if asked.similar_to is not None:
        parts = recommender.explain_similar(asked.similar_to, movie_id)
        return title | {"parts": [asdict(part) for part in parts], "reasons": []}
    viewer = viewer_of(recommender, asked, history_then(using, shown))
    found = recommender.explain(
        movie_id,
        user_id=viewer.user_id,
        movie_ids=viewer.movie_ids,
        ratings=viewer.ratings,
        choice=asked.choice,
    )
    return title | {
        "parts": [asdict(part) for part in found.parts],
        "reasons": [reason(recommender, item) for item in found.reasons],
    }
