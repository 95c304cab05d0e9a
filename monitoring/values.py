"""From rows of a spool to values of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from monitoring.observations import Kind, Observation
from recommender.reference.facts import ModelFacts

#: By name of the column.
Values = Mapping[str, Any]


def values_of(rows: Iterable[Observation], facts: ModelFacts | None) -> Values:
    """Return the values of the columns of rows that one model served.

    Args:
        rows: In any order.
        facts: What the model knows, or ``None`` where there was no model or its bundle is gone:
            then the columns that need it have no values.
    """
    by_kind: dict[Kind, list[Observation]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    lists, ratings = by_kind.get("list", []), by_kind.get("rating", [])
    found: dict[str, Any] = {
        "latency_ms": _numbers(lists),
        "score_path": [path for row in lists for path in row.paths],
        "rating": _numbers(ratings),
        "clicked_position": _numbers(by_kind.get("click", [])),
        "query_length": _numbers(by_kind.get("search", [])),
    }
    if facts is not None:
        found |= _of_movies("shown", lists, facts)
        found |= _of_movies("rated", ratings, facts)
        found |= _of_movies("watched", by_kind.get("watch", []), facts)
        found |= _of_users(lists, ratings, facts)
    return found


def _of_movies(prefix: str, rows: Sequence[Observation], facts: ModelFacts) -> dict[str, Any]:
    movies = np.array([movie for row in rows for movie in row.movie_ids], dtype=np.int64)
    return {
        f"{prefix}_genre": facts.genres(movies),
        f"{prefix}_year": facts.years(movies),
        f"{prefix}_popularity": facts.popularity(movies),
    }


def _of_users(
    lists: Sequence[Observation], ratings: Sequence[Observation], facts: ModelFacts
) -> dict[str, Any]:
    askers = [row.user_id for row in lists if row.user_id is not None]
    pairs = [(row.user_id, row.movie_ids[0]) for row in ratings if row.user_id is not None]
    users, movies = zip(*pairs, strict=True) if pairs else ((), ())
    return {
        "user_activity": facts.activity(np.array(askers, dtype=np.int64)),
        "predicted_rating": facts.estimates(
            np.array(users, dtype=np.int64), np.array(movies, dtype=np.int64)
        ),
    }


def _numbers(rows: Iterable[Observation]) -> list[float]:
    return [row.number for row in rows if row.number is not None]
