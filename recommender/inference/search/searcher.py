"""From a query to movies, people and keywords."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.inference.catalogue import Catalogue
from recommender.inference.search.facets import Facets
from recommender.inference.search.field import Field, Floats, Ints
from recommender.inference.search.highlighting import spans_of
from recommender.inference.search.index import MOST_NAMES, SearchIndex
from recommender.inference.search.names import names_of
from recommender.inference.search.question import Question, question_of
from recommender.inference.search.ranking import COMPARED, LEAST_OF_BEST, Ranked, rank_texts
from recommender.inference.search.results import (
    KeywordHit,
    MatchKind,
    MovieHit,
    PersonHit,
    SearchResults,
)
from recommender.scale import IntArray

#: Movies whose names cover less of the question are not found; nor are people and keywords.
_LEAST_COVER, _LEAST_FACET_COVER = 0.3, 0.55
#: Movies by people and keywords come after movies that fit as well by title.
_BY_PERSON, _BY_KEYWORD = 0.8, 0.6
#: People and keywords whose movies are found.
_MOST_FACETS = 5
#: What a movie is found by.
_NAME, _PERSON, _KEYWORD = range(3)


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


class Searcher:
    """Finds movies, people and keywords.

    Args:
        index: What the bundle holds for it.
        catalogue: What is shown of a movie.
        movie_ids: Shape (n_movies,), the ids of the movies.
    """

    def __init__(self, index: SearchIndex, catalogue: Catalogue, movie_ids: IntArray) -> None:
        self._index, self._catalogue, self._ids = index, catalogue, movie_ids

    def search(self, query: str, limit: int) -> SearchResults:
        """Return the best ``limit`` of each kind; nothing for a query without words."""
        question = question_of(query, self._index.vocabulary)
        if not question.words:
            return SearchResults()
        people, keywords = self._people(question), self._keywords(question)
        found = self._movies(question, people, keywords, MOST_NAMES * limit + COMPARED)
        n_movies = min(limit, found.movies.size)
        return SearchResults(
            tuple(self._movie_hit(question, found, place) for place in range(n_movies)),
            tuple(self._person_hit(person, limit) for person in people.texts[:limit].tolist()),
            tuple(self._keyword_hit(keyword) for keyword in keywords.texts[:limit].tolist()),
        )

    def movies(self, query: str) -> Ints:
        """Return the positions of all movies that ``query`` finds, best first."""
        question = question_of(query, self._index.vocabulary)
        if not question.words:
            return np.zeros(0, dtype=np.int32)
        people, keywords = self._people(question), self._keywords(question)
        return self._movies(question, people, keywords, len(self._index.names)).movies

    def _people(self, question: Question) -> Ranked:
        return self._facets(question, self._index.people_names, self._index.people)

    def _keywords(self, question: Question) -> Ranked:
        return self._facets(question, self._index.keyword_names, self._index.keywords)

    def _facets(self, question: Question, field: Field, facets: Facets) -> Ranked:
        fit = field.fit(question, self._index.vocabulary)
        return rank_texts(
            question, field, fit, facets.priors, least=_LEAST_FACET_COVER, most=COMPARED
        )

    def _movies(
        self, question: Question, people: Ranked, keywords: Ranked, most: int
    ) -> FoundMovies:
        index = self._index
        fit = index.names.fit(question, index.vocabulary, index.years)
        least = max(_LEAST_COVER, LEAST_OF_BEST * max(people.cover, keywords.cover))
        names = rank_texts(question, index.names, fit, index.priors, least=least, most=most)
        by_name = FoundMovies(
            index.movies[names.texts],
            names.scores,
            np.full(names.texts.size, _NAME, dtype=np.uint8),
            names.texts,
        )
        return _merged(
            [
                by_name,
                *_movies_of(index.people, people, _PERSON, _BY_PERSON),
                *_movies_of(index.keywords, keywords, _KEYWORD, _BY_KEYWORD),
            ]
        )

    def _movie_hit(self, question: Question, found: FoundMovies, place: int) -> MovieHit:
        movie, source = int(found.movies[place]), int(found.sources[place])
        title = self._catalogue.title(movie)
        matched, text = self._source(int(found.kinds[place]), source, title, question)
        return MovieHit(
            movie_id=int(self._ids[movie]),
            score=float(found.scores[place]),
            matched=matched,
            spans=spans_of(title, question),
            found_in=text,
        )

    def _source(
        self, kind: int, source: int, title: str, question: Question
    ) -> tuple[MatchKind, str]:
        if kind == _PERSON:
            return "person", self._index.people.name(source)
        if kind == _KEYWORD:
            return "keyword", self._index.keywords.name(source)
        name = names_of(title)[int(self._index.parts[source])]
        year = int(self._index.years[source])
        if year in question.years.values() and not spans_of(name.text, question):
            return "year", str(year)
        return ("title" if name.is_title else "original title"), name.text

    def _person_hit(self, person: int, limit: int) -> PersonHit:
        people = self._index.people
        movies = people.movies_of(person)
        ids = tuple(self._ids[movies[:limit]].tolist())
        return PersonHit(people.name(person), people.roles_of(person), movies.size, ids)

    def _keyword_hit(self, keyword: int) -> KeywordHit:
        keywords = self._index.keywords
        return KeywordHit(keywords.name(keyword), keywords.movies_of(keyword).size)


def _movies_of(facets: Facets, ranked: Ranked, kind: int, share: float) -> list[FoundMovies]:
    """Return the movies of the best people or keywords."""
    found = []
    for text, score in zip(
        ranked.texts[:_MOST_FACETS].tolist(), ranked.scores[:_MOST_FACETS].tolist(), strict=True
    ):
        movies = facets.movies_of(text)
        # They are in the order of their popularity, which is all that parts them.
        later = np.arange(movies.size) / (np.arange(movies.size) + 10.0)
        scores = (share * score * (1.0 - 0.05 * later)).astype(np.float32)
        kinds = np.full(movies.size, kind, dtype=np.uint8)
        found.append(FoundMovies(movies, scores, kinds, np.full_like(movies, text)))
    return found


def _merged(parts: list[FoundMovies]) -> FoundMovies:
    """Return each movie once, by the best that it was found by."""
    movies, scores, kinds, sources = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("movies", "scores", "kinds", "sources")
    )
    order = np.lexsort((sources, movies, kinds, -scores))
    _, first = np.unique(movies[order], return_index=True)
    chosen = order[np.sort(first)]
    return FoundMovies(movies[chosen], scores[chosen], kinds[chosen], sources[chosen])
