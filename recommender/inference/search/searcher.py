"""From a query to movies, people and keywords."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from recommender.inference.catalogue import Catalogue
from recommender.inference.search.facets import Facets
from recommender.inference.search.field import Field, Fit, Floats, Ints
from recommender.inference.search.highlighting import spans_of
from recommender.inference.search.index import SearchIndex
from recommender.inference.search.names import names_of
from recommender.inference.search.question import Question, question_of
from recommender.inference.search.results import (
    KeywordHit,
    MatchKind,
    MovieHit,
    PersonHit,
    SearchResults,
)
from recommender.scale import IntArray

#: Texts that cover less of the question than this share of the best cover are not found.
_LEAST_OF_BEST = 0.7
#: Nor are those that cover less than this.
_LEAST_COVER = 0.3
#: People and keywords are found only if they cover this much.
_LEAST_FACET_COVER = 0.55
#: Texts that are compared letter by letter.
_COMPARED = 96
#: What counts besides the share of the question that is covered.
_OWN_COVER, _BEGINS, _PRIOR, _LETTERS = 0.18, 0.06, 0.06, 0.30
#: How much the rest of a text counts while its next word is being typed.
_TYPING = 0.4
#: Movies by people and keywords come after movies that fit as well by title.
_BY_PERSON, _BY_KEYWORD = 0.8, 0.6
#: People and keywords whose movies are shown.
_MOST_FACETS = 5


@dataclass(frozen=True, eq=False)
class Found:
    """Movies that fit a question, best first.

    Attributes:
        movies: Shape (n,), their positions, distinct.
        scores: Shape (n,), falling.
        kinds: Shape (n,), what each was found by, by its place in `KINDS`.
        sources: Shape (n,), which name, person or keyword that is.
    """

    movies: Ints
    scores: Floats
    kinds: npt.NDArray[np.uint8]
    sources: Ints


KINDS = ("name", "person", "keyword")


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
        people = self._facets(question, self._index.people_names, self._index.people)
        keywords = self._facets(question, self._index.keyword_names, self._index.keywords)
        found = self._movies(question, people, keywords)
        hits = (self._hit(question, found, place) for place in range(min(limit, len(found.movies))))
        return SearchResults(
            tuple(hits),
            tuple(self._person(person, limit) for person, _ in people[:limit]),
            tuple(self._keyword(keyword) for keyword, _ in keywords[:limit]),
        )

    def movies(self, query: str) -> Ints:
        """Return the positions of all movies that ``query`` finds, best first."""
        question = question_of(query, self._index.vocabulary)
        if not question.words:
            return np.zeros(0, dtype=np.int32)
        people = self._facets(question, self._index.people_names, self._index.people)
        keywords = self._facets(question, self._index.keyword_names, self._index.keywords)
        return self._movies(question, people, keywords).movies

    def _facets(self, question: Question, field: Field, facets: Facets) -> list[tuple[int, float]]:
        """Return the people or keywords that fit, best first, and how well."""
        if not len(field):
            return []
        fit = field.fit(question, self._index.vocabulary)
        texts, scores = _best(question, field, fit, facets.priors, _LEAST_FACET_COVER)
        return list(zip(texts.tolist(), scores.tolist(), strict=True))

    def _movies(
        self,
        question: Question,
        people: list[tuple[int, float]],
        keywords: list[tuple[int, float]],
    ) -> Found:
        index = self._index
        fit = index.names.fit(question, index.vocabulary, index.years)
        names, scores = _best(question, index.names, fit, index.priors, _LEAST_COVER)
        movies = [index.movies[names]]
        all_scores = [scores]
        kinds = [np.zeros(names.size, dtype=np.uint8)]
        sources = [names]
        for kind, facets, found, share in (
            (1, index.people, people, _BY_PERSON),
            (2, index.keywords, keywords, _BY_KEYWORD),
        ):
            for place, score in found[:_MOST_FACETS]:
                own = facets.movies_of(place)
                movies.append(own)
                all_scores.append(self._facet_scores(own, share * score))
                kinds.append(np.full(own.size, kind, dtype=np.uint8))
                sources.append(np.full(own.size, place, dtype=np.int32))
        return _merged(movies, all_scores, kinds, sources)

    def _facet_scores(self, movies: Ints, score: float) -> Floats:
        # Already the most popular first.
        order = np.arange(movies.size, dtype=np.float32)
        return (score - 0.05 * order / (order + 10.0)).astype(np.float32)

    def _hit(self, question: Question, found: Found, place: int) -> MovieHit:
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
        if KINDS[kind] == "person":
            return "person", self._index.people.name(source)
        if KINDS[kind] == "keyword":
            return "keyword", self._index.keywords.name(source)
        name = names_of(title)[int(self._index.parts[source])]
        if not name.is_title:
            return "original title", name.text
        if not spans_of(name.text, question):
            return "year", str(int(self._index.years[source]))
        return "title", name.text

    def _person(self, place: int, limit: int) -> PersonHit:
        people = self._index.people
        movies = people.movies_of(place)
        ids = tuple(self._ids[movies[:limit]].tolist())
        return PersonHit(people.name(place), people.roles_of(place), movies.size, ids)

    def _keyword(self, place: int) -> KeywordHit:
        keywords = self._index.keywords
        return KeywordHit(keywords.name(place), keywords.movies_of(place).size)


def _best(
    question: Question, field: Field, fit: Fit, priors: Floats, least: float
) -> tuple[Ints, Floats]:
    """Return the texts that fit, best first, and their scores."""
    top = float(fit.cover.max(initial=0.0))
    texts = np.flatnonzero(fit.cover >= max(least, _LEAST_OF_BEST * top)).astype(np.int32)
    if not texts.size:
        return texts, np.zeros(0, dtype=np.float32)
    own = fit.own_cover[texts]
    own = np.where(fit.is_begun[texts], 1.0 - _TYPING * (1.0 - own), own)
    begins = np.zeros(texts.size, dtype=np.float32)
    first, end = field.beginning_with(question.key)
    begins[(texts >= first) & (texts < end)] = 1.0
    scores = fit.cover[texts] * (1.0 + _OWN_COVER * own + _BEGINS * begins + _PRIOR * priors[texts])
    order = np.lexsort((texts, -scores))
    texts, scores = texts[order], scores[order]
    scores[:_COMPARED] += _letters(question, field, texts[:_COMPARED])
    order = np.lexsort((texts, -scores))
    most = 1.0 + _OWN_COVER + _BEGINS + _PRIOR + _LETTERS
    return texts[order], (scores[order] / most).astype(np.float32)


def _letters(question: Question, field: Field, texts: Ints) -> Floats:
    """Return how alike texts are to the question letter by letter, weighted."""
    keys = [field.key(text) for text in texts.tolist()]
    asked = question.key
    whole = process.cdist([asked], keys, scorer=OSA.normalized_similarity)[0]
    begun = process.cdist(
        [asked], [key[: len(asked)] for key in keys], scorer=OSA.normalized_similarity
    )[0]
    return np.asarray(_LETTERS * (0.6 * whole + 0.4 * begun), dtype=np.float32)


def _merged(
    movies: list[Ints],
    scores: list[Floats],
    kinds: list[npt.NDArray[np.uint8]],
    sources: list[Ints],
) -> Found:
    """Return each movie once, with the best it was found by."""
    where, score = np.concatenate(movies), np.concatenate(scores)
    kind, source = np.concatenate(kinds), np.concatenate(sources)
    order = np.lexsort((source, where, kind, -score))
    _, first = np.unique(where[order], return_index=True)
    chosen = order[np.sort(first)]
    return Found(where[chosen], score[chosen], kind[chosen], source[chosen])
