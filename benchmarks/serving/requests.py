"""Requests that the load generator sends: method, path and body."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

import numpy as np

from benchmarks.serving.bundles import Published

Request = tuple[str, str, str]
_NUMBERS = count(1)


def list_of(user: int) -> Request:
    """Ask for the list of a user."""
    return ("GET", f"/v1/recommendations/{user}?k=20", "")


def visitor(rng: np.random.Generator, n_movies: int, n_rated: int) -> Request:
    """Ask for the list of a visitor who has rated some movies, drawn by chance."""
    movies = rng.choice(n_movies, n_rated, replace=False) + 1
    ratings = [
        {"movie_id": int(movie), "rating": int(rng.integers(1, 11)) / 2.0} for movie in movies
    ]
    return ("POST", "/v1/recommendations", json.dumps({"ratings": ratings, "k": 20}))


def events_of(rng: np.random.Generator, published: Published, n_each: int) -> Request:
    """Send events of ids that were not sent before."""
    now = datetime.now(UTC).isoformat()
    made = [
        {
            "event_id": f"benchmark-{next(_NUMBERS)}",
            "kind": "click",
            "user_id": int(rng.integers(1, published.n_users)),
            "movie_id": int(rng.integers(1, published.n_movies)),
            "occurred_at": now,
        }
        for _ in range(n_each)
    ]
    return ("POST", "/v1/events", json.dumps(made if n_each > 1 else made[0]))
