"""A list that was shown: what made it, and whether the same model makes it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from events.records import ServedList, UserHistory
from recommender.errors import BundleError, UsageError
from serving.lists import Asked, make, reasons, viewer_of
from serving.models.loading import ServedModel
from serving.services import Services

Plain = dict[str, Any]
Items = Sequence[Mapping[str, Any]]


def describe(services: Services, shown: ServedList, *, replay: bool) -> Plain:
    """Return a list that was shown, with its lineage and each place's reasons.

    Args:
        services: Where models and histories are.
        shown: The list.
        replay: Whether to make it again.

    Raises:
        StoreUnavailable: The user's history cannot be read.
    """
    served, missing = model_of(services, shown)
    plain = {
        "recommendation_id": shown.recommendation_id,
        "served_at": shown.served_at.isoformat(),
        "user_id": shown.user_id,
        "model_version": shown.model_version,
        "model_digest": shown.bundle_digest,
        **lineage_of(services, shown, served),
        "request": dict(shown.request),
        "watermark": shown.watermark,
        "items": _items(services, shown, served),
    }
    if replay:
        plain["replay"] = _replay(services, shown, served, missing)
    return plain


def model_of(services: Services, shown: ServedList) -> tuple[ServedModel | None, str | None]:
    """Return the model that made a list, or why there is none."""
    if shown.bundle_digest is None:
        return None, "No model was loaded when the list was shown."
    try:
        served = services.models.of_digest(shown.bundle_digest)
    except BundleError:
        return None, "The bundle of that version is not sound any more."
    if served is None:
        return None, "The bundle of that version is not kept any more."
    return served, None


def lineage_of(services: Services, shown: ServedList, served: ServedModel | None) -> Plain:
    """Return the run, the data and the code of the model that made a list, as far as known."""
    record = None
    if shown.bundle_digest is not None:
        record = services.models.folder.record(shown.bundle_digest)
    lineage = record.lineage if record else {}
    manifest = served.bundle.manifest if served else None
    return {
        "run_id": record.run_id if record else None,
        "dataset": manifest.dataset if manifest else lineage.get("dataset"),
        "dataset_digest": (manifest.dataset_digest if manifest else lineage.get("dataset_digest")),
        "code_revision": manifest.code_revision if manifest else lineage.get("code_revision"),
    }


def history_then(services: Services, shown: ServedList) -> UserHistory:
    """Return the user's history as it was when the list was made."""
    if shown.user_id is None or shown.watermark == 0:
        return UserHistory(shown.user_id or 0, 0)
    return services.events.history(shown.user_id, up_to=shown.watermark)


def _items(services: Services, shown: ServedList, served: ServedModel | None) -> list[Plain]:
    if served is None:
        return [{**item, "title": None, "reasons": None} for item in shown.items]
    recommender = served.recommender
    asked = Asked.from_plain(shown.request)
    viewer = viewer_of(recommender, asked, history_then(services, shown))
    movies = [item["movie_id"] for item in shown.items]
    of_items: list[list[Plain]] = (
        reasons(recommender, viewer, movies, asked.choice)
        if asked.similar_to is None
        else [[] for _ in movies]
    )
    return [
        {**item, "title": recommender.title(item["movie_id"]), "reasons": of_item}
        for item, of_item in zip(shown.items, of_items, strict=True)
    ]


def _replay(
    services: Services, shown: ServedList, served: ServedModel | None, missing: str | None
) -> Plain:
    if served is None:
        return {"identical": None, "reason": missing, "first_difference": None}
    try:
        again = make(served, Asked.from_plain(shown.request), history_then(services, shown)).logged
    except UsageError as error:
        return {"identical": False, "reason": error.problem, "first_difference": None}
    difference = _first_difference(shown.items, again)
    return {
        "identical": difference is None,
        "reason": None if difference is None else "The list is another one.",
        "first_difference": difference,
    }


def _first_difference(shown: Items, again: Items) -> Plain | None:
    for position, (one, other) in enumerate(zip_longest(shown, again)):
        if one != other:
            return {"position": position, "shown": one, "made_again": other}
    return None
