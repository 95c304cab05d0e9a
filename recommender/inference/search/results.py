"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What of a movie the words of the query were found in.
MatchKind = Literal["title", "original title", "person", "keyword", "year"]
#: What a person does in a movie.
Role = Literal["director", "cast"]


@dataclass(frozen=True, slots=True)
class MovieHit:
    """A movie that was found.

    Attributes:
        movie_id: The movie.
        score: How well it fits, greater than 0; comparable within one search.
        matched: What the query was found in.
        spans: Character ranges of the title as it is shown, rising, that the query was found in.
        found_in: The text that was matched: a name of the movie, a person, a keyword or a year.
    """

    movie_id: int
    score: float
    matched: MatchKind
    spans: tuple[tuple[int, int], ...]
    found_in: str


@dataclass(frozen=True, slots=True)
class PersonHit:
    """A person who was found.

    Attributes:
        name: As the data has it.
        roles: What the person does in the movies of the catalogue.
        n_movies: In how many.
        movie_ids: Their ids, the most popular first, at most as many as were asked for.
    """

    name: str
    roles: tuple[Role, ...]
    n_movies: int
    movie_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeywordHit:
    """A keyword that was found.

    Attributes:
        keyword: As the data has it.
        n_movies: How many movies have it.
    """

    keyword: str
    n_movies: int


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What a query found, each kind best first.

    Attributes:
        movies: By title, original title, people, keywords or year.
        people: By name.
        keywords: By their words.
    """

    movies: tuple[MovieHit, ...] = ()
    people: tuple[PersonHit, ...] = ()
    keywords: tuple[KeywordHit, ...] = ()
