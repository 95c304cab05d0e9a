"""The model card: what answers, from which data and code, how good, and who let it through."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from flask import Response

from serving.model_now import model_now
from serving.pages.rendering import page_blueprint, render
from serving.problems import Problem
from serving.routes.lineage import model_card
from serving.services import services

blueprint = page_blueprint("model", __name__)
#: A SHA-256 as it is written.
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: What metrics are called, and whether less is better.
METRICS = {
    "rmse": "Error of rating estimates (RMSE, stars)",
    "mae": "Mean absolute error (stars)",
    "ndcg_at_10": "Ranking quality (NDCG@10)",
    "precision_at_10": "Hits among the first ten (P@10)",
    "recall_at_20": "Found among the first twenty (R@20)",
    "coverage": "Share of the catalogue that is ever recommended",
}


@blueprint.get("/model")
def model() -> Response:
    """Answer with the card of the model that is served."""
    return _page(model_card(services(), model_now()), is_served=True)


@blueprint.get("/model/<digest>")
def earlier(digest: str) -> Response:
    """Answer with the card of a model that is or was served, as far as it is kept."""
    served = services().models.current()
    if served is not None and served.digest == digest:
        return model()
    record = services().models.folder.record(digest) if _DIGEST.fullmatch(digest) else None
    if record is None:
        raise Problem(404, "No model of that digest was ever published here.", kind="no-such-model")
    return _page(asdict(record), is_served=False)


def _page(card: dict[str, Any], *, is_served: bool) -> Response:
    known = {name: card["metrics"][name] for name in METRICS if name in card["metrics"]}
    return render("model.html", card=card, is_served=is_served, metrics=known, metric_names=METRICS)
