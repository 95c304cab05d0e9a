"""Where answers come from: a list that was shown, and the model that is served."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from serving.answering import as_json, with_etag
from serving.document import NOT_MODIFIED, problems_of
from serving.model_now import model_now
from serving.models.loading import ServedModel
from serving.parsing import checked
from serving.places import explain_place
from serving.problems import Problem
from serving.replays import describe
from serving.schemas.answers import ModelCard, PlaceAnswer, ServedAnswer
from serving.schemas.given import PlacePath, ServedPath, ServedQuery
from serving.services import Services, services

_TAG = Tag(name="Lineage", description="Where answers come from.")
api = APIBlueprint("lineage", __name__, url_prefix="/v1", abp_tags=[_TAG])


@api.get(
    "/served/<recommendation_id>",
    summary="A list that was shown",
    responses={200: ServedAnswer, **problems_of(404, 422, 503)},
)
@checked
def served(path: ServedPath, query: ServedQuery) -> Response:
    """To whom, when, by which version, and why; with `replay` it is made again and compared."""
    shown = services().served.served(path.recommendation_id)
    if shown is None:
        raise no_such_list()
    return as_json(describe(services(), shown, replay=query.replay))


@api.get(
    "/served/<recommendation_id>/<movie_id>",
    summary="One place of a list that was shown",
    responses={200: PlaceAnswer, **problems_of(404, 422, 503)},
)
@checked
def place(path: PlacePath) -> Response:
    """The parts of its score, which sum to it, and the model, data and code behind it."""
    shown = services().served.served(path.recommendation_id)
    if shown is None:
        raise no_such_list()
    return as_json(explain_place(services(), shown, path.movie_id))


def no_such_list() -> Problem:
    """Return the problem of an id under which no list was shown."""
    return Problem(404, "No such list was shown, or its user was erased.", kind="no-such-list")


@api.get(
    "/model",
    summary="The model that is served",
    responses={200: ModelCard, 304: NOT_MODIFIED, **problems_of(503)},
)
def model() -> Response:
    """Its data, metrics, gate decision and lineage."""
    return with_etag(as_json(model_card(services(), model_now())))


def model_card(using: Services, now: ServedModel) -> dict[str, Any]:
    """Return what is known of a model, as the answer has it."""
    published, manifest = now.published, now.bundle.manifest
    previous = using.models.previous()
    return {
        "model_name": published.model_name,
        "version": published.version,
        "digest": published.digest,
        "run_id": published.run_id,
        "data": {
            "name": manifest.dataset,
            "digest": manifest.dataset_digest,
            "simulated": manifest.simulated,
            "train_end": manifest.train_end,
            "split_method": manifest.split_method,
        },
        "code_revision": manifest.code_revision,
        "code_digest": manifest.code_digest,
        "seed": manifest.seed,
        "n_users": int(now.recommender.user_ids.size),
        "n_movies": int(now.recommender.movie_ids.size),
        "metrics": published.metrics,
        "decision": published.decision,
        "lineage": published.lineage,
        "params": manifest.params,
        "loaded_at": now.loaded_at.isoformat(),
        "previous_version": None if previous is None else previous.version,
        "refused": [asdict(refusal) for refusal in using.models.refused()],
    }
