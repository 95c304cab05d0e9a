"""From a query to movies, people and keywords."""

from __future__ import annotations

import numpy as np

from recommender.inference.catalogue import Catalogue
from recommender.inference.search.facets import Facets
from recommender.inference.search.field import Field, Fit, Ints
from recommender.inference.search.found import (
    KEYWORD,
    NAME,
    PERSON,
    FoundMovies,
    merged,
    movies_of,
    movies_of_both,
)
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
#: Where nothing covers more than this, a title and a person are looked for together.
_ALONE = 0.8
#: How much of the question a person must cover then, and how many people are looked at.
_PART, _FEW = 0.25, 20


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
        found = [
            FoundMovies.of(index.movies[names.texts], names.scores, NAME, names.texts),
            *movies_of(index.people, people, PERSON, _BY_PERSON),
            *movies_of(index.keywords, keywords, KEYWORD, _BY_KEYWORD),
        ]
        if max(names.cover, people.cover, keywords.cover) < _ALONE:
            found += self._by_both(question, fit)
        return merged(found)

    def _by_both(self, question: Question, names: Fit) -> list[FoundMovies]:
        """Return movies whose title or year covers one part of the question and a person another.

        As in ``tarantino 1994``.
        """
        index = self._index
        fit = index.people_names.fit(question, index.vocabulary)
        people = rank_texts(
            question, index.people_names, fit, index.people.priors, least=_PART, most=_FEW
        )
        by_movie = np.zeros(self._ids.size, dtype=np.float32)
        np.maximum.at(by_movie, index.movies, names.cover)
        covers = fit.cover[people.texts]
        return movies_of_both(index.people, people, covers, by_movie, least=_ALONE)

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
        if kind == PERSON:
            return "person", self._index.people.name(source)
        if kind == KEYWORD:
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
