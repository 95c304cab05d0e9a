"""What each score was made from: the path of a ranking score or of a rating estimate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from recommender.inference.choices import SteeredRanking
from recommender.inference.estimates import BoolArray
from recommender.inference.histories import Viewer
from recommender.inference.identifiers import UNKNOWN
from recommender.inference.rankings import (
    AlignedRanking,
    BlendRanking,
    ImplicitRanking,
    NeighbourRanking,
    ProfileRanking,
    Ranking,
    SupportRanking,
)
from recommender.scale import IntArray
from recommender.scorer import ScorePath

Depths = npt.NDArray[np.int64]

#: From the most personal one to the least.
_PATHS: tuple[ScorePath, ...] = ("personal", "content", "popular")
_PERSONAL, _CONTENT, _POPULAR = range(len(_PATHS))


def path_of(ranking: Ranking, viewer: Viewer) -> ScorePath:
    """Return what a list was made from; a history that was not trained on is ``fold-in``."""
    return _folded(ranking.path(viewer), viewer)


def item_paths(ranking: Ranking, viewer: Viewer, movies: IntArray) -> tuple[ScorePath, ...]:
    """Return what the ranking scores of ``movies`` (positions) were made from, one for each."""
    paths = [_folded(path, viewer) for path in _PATHS]
    return tuple(paths[depth] for depth in _depths(ranking, viewer, movies).tolist())


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
def _depths(ranking: Ranking, viewer: Viewer, movies: IntArray) -> Depths:
    """Return the place in `_PATHS` of the path of each movie; that of the list unless known."""
    return np.full(movies.size, _PATHS.index(ranking.path(viewer)))


@_depths.register
def _(ranking: NeighbourRanking, viewer: Viewer, movies: IntArray) -> Depths:
    """Return ``personal`` for what is a neighbour of something liked."""
    return np.where(ranking.reached(viewer, movies), _PERSONAL, _POPULAR)


@_depths.register
def _(ranking: AlignedRanking, viewer: Viewer, movies: IntArray) -> Depths:
    """Return ``content`` for what has no weights of its own, if anything was liked."""
    by_content = ~ranking.neighbours.known[movies] & np.any(viewer.grades)
    return np.where(by_content, _CONTENT, _depths(ranking.neighbours, viewer, movies))


@_depths.register
def _(ranking: ImplicitRanking, viewer: Viewer, movies: IntArray) -> Depths:
    """Return ``personal`` for what has factors, if something that has them was liked."""
    liked = ranking.any_factors(viewer.movies[viewer.grades > 0])
    return np.where(liked & ranking.factors[movies].any(axis=1), _PERSONAL, _POPULAR)


@_depths.register
def _(ranking: SupportRanking, viewer: Viewer, movies: IntArray) -> Depths:
    return _depths(ranking.of(viewer), viewer, movies)


@_depths.register
def _(ranking: SteeredRanking, viewer: Viewer, movies: IntArray) -> Depths:
    return _depths(ranking.inner, viewer, movies)


@_depths.register
def _(ranking: ProfileRanking, viewer: Viewer, movies: IntArray) -> Depths:
    """Return ``content`` for what has features, if anything was liked."""
    described = np.asarray(ranking.features[movies] != 0.0).any(axis=1)
    return np.where(described & np.any(viewer.grades), _CONTENT, _POPULAR)


@_depths.register
def _(ranking: BlendRanking, viewer: Viewer, movies: IntArray) -> Depths:
    """Return the most personal of the paths of all signals that have weight."""
    weighted = zip(ranking.signals, ranking.weights, strict=True)
    depths = np.full(movies.size, _POPULAR)
    # The first signal takes longest to ask, and nothing is more personal than personal.
    first, *others = (signal if weight else None for signal, weight in weighted)
    for signal in (*others, first):
        if signal is not None and depths.any():
            np.minimum(depths, _depths(signal, viewer, movies), out=depths)
    return depths
