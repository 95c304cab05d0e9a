"""The model of this moment, for routes that need one."""

from __future__ import annotations

from recommender.inference import Recommender
from serving.models.loading import ServedModel
from serving.problems import Problem, unavailable
from serving.services import services


def model_now() -> ServedModel:
    """Return the model that answers this request; to be called once in it.

    Raises:
        Problem: 503 where there is no model yet.
    """
    served = services().models.current()
    if served is None:
        raise unavailable("No model is published yet.", retry_after_seconds=5, kind="no-model")
    return served


def known_movie(recommender: Recommender, movie_id: int) -> None:
    """Refuse a movie that is not in the catalogue.

    Raises:
        Problem: 404.
    """
    if not recommender.has(movie_id):
        raise Problem(404, "There is no such movie in the catalogue.", kind="no-such-movie")
