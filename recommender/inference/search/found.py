"""Movies found by their names, by people and by keywords, as one list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.inference.search.facets import Facets
from recommender.inference.search.field import Floats, Ints
from recommender.inference.search.ranking import Ranked

#: What a movie is found by.
NAME, PERSON, KEYWORD = range(3)
#: People and keywords whose movies are found.
_MOST_FACETS = 5
#: How much less the least popular of many movies counts.
_LATER = 0.05
#: What counts a movie found by two of its facts, in the place of one that was found by one.
_BY_BOTH = 0.75


@dataclass(frozen=True, eq=False)
class FoundMovies:
    """Movies that fit a question, best first.

    Attributes:
        movies: Shape (n,), their positions, distinct.
        scores: Shape (n,), falling.
        kinds: Shape (n,), whether each was found by a name, a person or a keyword.
        sources: Shape (n,), by which one.
    """

    movies: Ints
    scores: Floats
    kinds: npt.NDArray[np.uint8]
    sources: Ints

    @classmethod
    def of(cls, movies: Ints, scores: Floats, kind: int, sources: Ints) -> Self:
        """Return movies that were all found by one kind of text."""
        return cls(movies, scores, np.full(movies.size, kind, dtype=np.uint8), sources)


def movies_of(facets: Facets, ranked: Ranked, kind: int, share: float) -> list[FoundMovies]:
    """Return the movies of the best people or keywords.

    Args:
        facets: People or keywords.
        ranked: Those that fit.
        kind: What they are.
        share: What a movie counts by them, of one that fits as well by its name.
    """
    found = []
    for place, text in enumerate(ranked.texts[:_MOST_FACETS].tolist()):
        movies = facets.movies_of(text)
        scores = share * float(ranked.scores[place]) * _falling(movies.size)
        found.append(FoundMovies.of(movies, scores, kind, np.full_like(movies, text)))
    return found


def movies_of_both(
    people: Facets, ranked: Ranked, covers: Floats, by_movie: Floats, *, least: float
) -> list[FoundMovies]:
    """Return the movies of people that cover what the people leave of a question.

    Args:
        people: All people.
        ranked: Those that fit a part of the question.
        covers: Shape (n_ranked,), how much of it each covers.
        by_movie: Shape (n_movies,), how much of it each movie covers by its names and year.
        least: How much both must cover together.
    """
    found = []
    for text, cover in zip(ranked.texts.tolist(), covers.tolist(), strict=True):
        movies = people.movies_of(text)
        both = np.minimum(by_movie[movies] + np.float32(cover), np.float32(1.0))
        fits = (both >= least) & (by_movie[movies] > 0.0)
        scores = (_BY_BOTH * both * _falling(movies.size))[fits]
        found.append(FoundMovies.of(movies[fits], scores, PERSON, np.full_like(movies[fits], text)))
    return found


def merged(parts: list[FoundMovies]) -> FoundMovies:
    """Return each movie once, by the best that it was found by."""
    movies, scores, kinds, sources = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("movies", "scores", "kinds", "sources")
    )
    order = np.lexsort((sources, movies, kinds, -scores))
    _, first = np.unique(movies[order], return_index=True)
    chosen = order[np.sort(first)]
    return FoundMovies(movies[chosen], scores[chosen], kinds[chosen], sources[chosen])


def _falling(n_movies: int) -> Floats:
    """Return what movies count that stand in the order of their popularity."""
    places = np.arange(n_movies, dtype=np.float32)
    return np.asarray(1.0 - _LATER * places / (places + 10.0), dtype=np.float32)
