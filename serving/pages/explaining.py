"""Sums of parts as a person reads them: named, the largest first, and small ones together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recommender.inference import Recommender

Plain = dict[str, Any]
_SHOWN = 8
#: What is shown as 0.000 says nothing.
_LEAST = 0.0005
#: What fixed parts are called.
_FIXED = {
    "mean": "The average of all ratings",
    "user": "How generously you rate",
    "movie": "How this film is rated by everyone",
    "expected factors": "What such films get from anyone",
    "trained factors": "What training found of your taste",
    "limits of the scale": "Limits of the scale",
    "popularity": "How many watch it",
    "trending": "Watched a lot lately",
    "rising": "Rising lately",
    "quality": "How well it is rated",
    "content": "Its content",
    "content that is common": "Content that most films share",
    "chance": "The luck of the wheel",
}


def readable(recommender: Recommender, parts: Sequence[Plain]) -> list[Plain]:
    """Return parts under names, those of one rated movie as one, the largest first.

    The sum stays: what is too small to be shown is one part at the end.

    Args:
        recommender: It knows titles.
        parts: As `asdict` makes them of `recommender.inference.explanations.Contribution`.
    """
    sums: dict[str, Plain] = {}
    for part in parts:
        text = _text(recommender, part)
        found = sums.setdefault(
            text, {"text": text, "value": 0.0, "kind": part["kind"], "movie_id": part["movie_id"]}
        )
        found["value"] += part["value"]
    ordered = sorted(sums.values(), key=lambda part: -abs(part["value"]))
    n_shown = sum(abs(part["value"]) >= _LEAST for part in ordered[:_SHOWN])
    rest = ordered[n_shown:]
    if len(rest) <= 1:
        return ordered
    text = f"{len(rest)} smaller parts"
    together = {"text": text, "value": sum(part["value"] for part in rest), "kind": "rest"}
    return [*ordered[:n_shown], together | {"movie_id": None}]


def _text(recommender: Recommender, part: Plain) -> str:
    movie_id = part["movie_id"]
    if movie_id is not None:
        return recommender.title(movie_id)
    label: str = part["label"]
    return _FIXED.get(label, label[:1].upper() + label[1:])
