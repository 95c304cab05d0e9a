"""Whether the process lives, and which model it answers with."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live")
def live() -> dict[str, Any]:
    """Answer as long as the process can answer at all."""
    return {"status": "live"}


@blueprint.get("/ready")
def ready() -> dict[str, Any]:
    """Answer with the model; a server without one does not start."""
    bundle = current_app.extensions["bundle"]
    return {
        "status": "ready",
        "model": bundle.digest,
        "dataset": bundle.manifest.dataset,
        "dataset_digest": bundle.manifest.dataset_digest,
        "code_revision": bundle.manifest.code_revision,
    }
