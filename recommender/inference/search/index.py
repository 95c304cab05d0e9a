"""What is made of a catalogue when a model is trained, so that a web process finds it ready."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import unpack_strings
from recommender.inference.catalogue import Catalogue
from recommender.inference.search.facets import Facets, keywords_of, people_of, priors_of
from recommender.inference.search.field import Field, Floats, Ints, key_of
from recommender.inference.search.names import names_of
from recommender.inference.search.text import compounds_in, plain_words
from recommender.inference.search.vocabulary import Arrays, Vocabulary
from recommender.scale import FloatArray

#: A title has no more names than this.
MOST_NAMES = 8


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """Titles, people and keywords by their words; the same catalogue gives the same bytes.

    Attributes:
        vocabulary: All words.
        names: The names of all movies as texts.
        movies: Shape (n_names,), the position of the movie that has each name.
        parts: Shape (n_names,), which of the names of its title each is, by `names_of`.
        years: Shape (n_names,), the year of the movie, 0 where it is not known.
        priors: Shape (n_names,), how popular the movie is, from 0 to 1.
        people_names: The names of people as texts.
        people: The movies of people.
        keyword_names: The keywords as texts.
        keywords: The movies of keywords.
    """

    vocabulary: Vocabulary
    names: Field
    movies: Ints
    parts: npt.NDArray[np.uint8]
    years: npt.NDArray[np.int16]
    priors: Floats
    people_names: Field
    people: Facets
    keyword_names: Field
    keywords: Facets

    @classmethod
    def of(cls, catalogue: Catalogue, popularity: FloatArray) -> Self:
        """Return the index of a catalogue.

        Args:
            catalogue: What is shown of a movie.
            popularity: Shape (n_movies,), at least 0: who is watched by more comes first.
        """
        watched = np.asarray(popularity, dtype=np.float64)
        titles = unpack_strings(*catalogue.titles)
        rows = sorted(_names(titles))
        movies = np.array([row.movie for row in rows], dtype=np.int32)
        people, people_words = Facets.of(people_of(catalogue.credits), watched)
        keywords, keyword_words = Facets.of(keywords_of(catalogue.credits), watched)
        texts = ([row.words for row in rows], people_words, keyword_words)
        compounds = [(text, word) for text, row in enumerate(rows) for word in row.compounds]
        vocabulary = Vocabulary.of(
            chain(chain.from_iterable(chain(*texts)), (word for _, word in compounds))
        )
        numbers = vocabulary.numbers()
        fields = [
            Field.of(words, more, numbers)
            for words, more in zip(texts, (compounds, (), ()), strict=True)
        ]
        years = np.where(catalogue.has_year, catalogue.years, 0).astype(np.int16)
        return cls(
            vocabulary=vocabulary,
            names=fields[0],
            movies=movies,
            parts=np.array([row.part for row in rows], dtype=np.uint8),
            years=years[movies],
            priors=priors_of(watched)[movies],
            people_names=fields[1],
            people=people,
            keyword_names=fields[2],
            keywords=keywords,
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the index that `to_arrays` wrote."""
        return cls(
            vocabulary=Vocabulary.from_arrays(arrays),
            names=Field.from_arrays(arrays, "names"),
            movies=arrays["search.names.movies"],
            parts=arrays["search.names.parts"],
            years=arrays["search.names.years"],
            priors=arrays["search.names.priors"],
            people_names=Field.from_arrays(arrays, "people"),
            people=Facets.from_arrays(arrays, "people"),
            keyword_names=Field.from_arrays(arrays, "keywords"),
            keywords=Facets.from_arrays(arrays, "keywords"),
        )

    def movies_with_person(self, name: str) -> Ints:
        """Return the positions of the movies of people who are called so.

        Case, accents and punctuation do not matter. A name that is not known has none.
        """
        return _movies_with(name, self.people_names, self.people)

    def movies_with_keyword(self, keyword: str) -> Ints:
        """Return the positions of the movies with a keyword, written as `movies_with_person`."""
        return _movies_with(keyword, self.keyword_names, self.keywords)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        return {
            **self.vocabulary.to_arrays(),
            **self.names.to_arrays("names"),
            "search.names.movies": self.movies,
            "search.names.parts": self.parts,
            "search.names.years": self.years,
            "search.names.priors": self.priors,
            **self.people_names.to_arrays("people"),
            **self.people.to_arrays("people"),
            **self.keyword_names.to_arrays("keywords"),
            **self.keywords.to_arrays("keywords"),
        }


def _movies_with(name: str, field: Field, facets: Facets) -> Ints:
    first, end = field.equal_to(key_of(plain_words(name)))
    return np.unique(facets.movies[facets.starts[first] : facets.starts[end]])


class _NameRow(NamedTuple):
    """A name of a movie; rows are kept in the order of their fields."""

    key: str
    movie: int
    part: int
    words: tuple[str, ...]
    compounds: tuple[str, ...]


def _names(titles: list[str]) -> Iterable[_NameRow]:
    """Yield every name of every movie."""
    for movie, title in enumerate(titles):
        for part, name in enumerate(names_of(title)[:MOST_NAMES]):
            words = plain_words(name.text)
            compounds = tuple(compounds_in(name.text))
            yield _NameRow(key_of(words), movie, part, tuple(words), compounds)
