"""What each score was made from: the path of a ranking score or of a rating estimate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import numpy as np

from recommender.inference.estimates import BoolArray
from recommender.inference.histories import Viewer
from recommender.inference.identifiers import UNKNOWN
from recommender.inference.rankings import (
    BlendRanking,
    NeighbourRanking,
    ProfileRanking,
    Ranking,
)
from recommender.schema import IntArray
from recommender.scorer import ScorePath

_FIRST_TO_LAST: tuple[ScorePath, ...] = ("personal", "content", "popular")


def path_of(ranking: Ranking, viewer: Viewer) -> ScorePath:
    """Return what a list was made from; a history that was not trained on is ``fold-in``."""
    return _folded(ranking.path(viewer), viewer)


def item_paths(ranking: Ranking, viewer: Viewer, movies: IntArray) -> tuple[ScorePath, ...]:
    """Return what the ranking scores of ``movies`` (positions) were made from, one for each."""
    return tuple(_folded(path, viewer) for path in _paths(ranking, viewer, movies))


def rating_paths(
    users: BoolArray, movies: BoolArray, in_catalogue: BoolArray, *, folded: bool
) -> Iterator[ScorePath]:
    """Yield what rating estimates were made from.

    Args:
        users: Shape (n,), whether there are ratings of the user.
        movies: Shape (n,), whether there are ratings of the movie.
        in_catalogue: Shape (n,), whether there is content of the movie.
        folded: Whether the ratings of the users were not trained on.
    """
    for user, movie, content in np.column_stack([users, movies, in_catalogue]).tolist():
        if content and not movie:
            yield "content"
        elif user:
            yield "fold-in" if folded else "personal"
        else:
            yield "popular"


def _folded(path: ScorePath, viewer: Viewer) -> ScorePath:
    return "fold-in" if path == "personal" and viewer.position == UNKNOWN else path


@singledispatch
def _paths(ranking: Ranking, viewer: Viewer, movies: IntArray) -> tuple[ScorePath, ...]:
    """Return the path of the list for each movie."""
    return (ranking.path(viewer),) * movies.size


@_paths.register
def _(ranking: NeighbourRanking, viewer: Viewer, movies: IntArray) -> tuple[ScorePath, ...]:
    """Return ``personal`` for what is a neighbour of something liked."""
    reached = ranking.reached(viewer, movies)
    return tuple("personal" if found else "popular" for found in reached.tolist())


@_paths.register
def _(ranking: ProfileRanking, viewer: Viewer, movies: IntArray) -> tuple[ScorePath, ...]:
    """Return ``content`` for what has features, if anything was liked."""
    if not viewer.grades.any():
        return tuple("popular" for _ in movies)
    described = np.abs(ranking.features[movies]).sum(axis=1) > 0.0
    return tuple("content" if found else "popular" for found in described.tolist())


@_paths.register
def _(ranking: BlendRanking, viewer: Viewer, movies: IntArray) -> tuple[ScorePath, ...]:
    """Return the most personal of the paths of all signals that have weight."""
    weighted = zip(ranking.signals, ranking.weights, strict=True)
    columns = [_paths(signal, viewer, movies) for signal, weight in weighted if weight]
    return tuple(min(paths, key=_FIRST_TO_LAST.index) for paths in zip(*columns, strict=True))
