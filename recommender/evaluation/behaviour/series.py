"""Find films of one series by their titles, and films of one director by their credits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

import pandas as pd

from recommender.scale import IntArray

_ALIAS = re.compile(r"\s*\([^()]*\)")
_ARTICLE_BEHIND = re.compile(r",\s+(?:the|an?)$")
_ARTICLE_BEFORE = re.compile(r"^(?:the|an?)\s+")
_SUBTITLE = re.compile(r"\s*:\s.*|\s+[-\u2013]\s.*")
_NUMERAL = (
    r"(?:[2-9]|1[0-9]?|i{1,3}|iv|vi{0,3}|ix|xi{0,3}|one|two|three|four|five|six|seven|eight|nine)"
)
_NUMBER = re.compile(rf"[\s,]+(?:(?:part|episode|chapter|volume|vol\.?)\s+)?{_NUMERAL}$")
_MIN_LETTERS = 3


def series_name(title: str) -> str | None:
    """Return the name of the series that a title could belong to, or ``None`` without one.

    The part before a subtitle and a number: ``X``, ``X 2``, ``X II``, ``X: Part II`` and
    ``X: ...`` all give ``x``.

    >>> [series_name(title) for title in (
    ...     "Godfather: Part II, The", "The Godfather", "Toy Story 2", "Rocky IV", "Up")]
    ['godfather', 'godfather', 'toy story', 'rocky', None]
    >>> series_name("Star Wars: Episode V - The Empire Strikes Back")
    'star wars'
    """
    name = _ALIAS.sub("", title.lower()).strip()
    name = _ARTICLE_BEFORE.sub("", _ARTICLE_BEHIND.sub("", name))
    name = _NUMBER.sub("", _SUBTITLE.sub("", name)).strip()
    if sum(letter.isalpha() for letter in name) < _MIN_LETTERS:
        return None
    return name


def is_sequel_title(title: str) -> bool:
    """Return whether a title says by a number or a subtitle that it is one of several.

    >>> [is_sequel_title(title) for title in ("Die Hard", "Die Hard 2", "Mission: Impossible")]
    [False, True, True]
    """
    name = _ARTICLE_BEHIND.sub("", _ALIAS.sub("", title.lower()).strip())
    return bool(_SUBTITLE.search(name) or _NUMBER.search(name))


def series_pairs(movies: pd.DataFrame) -> list[tuple[int, int]]:
    """Return pairs of films of one series, lower id first, in a fixed order.

    Films whose titles give one name form a series if at least one of them has a number or a
    subtitle. Some pairs are false ("Love Story" is no series); a median over pairs bears that.

    Args:
        movies: Frame as ``MOVIE_DTYPES``.
    """
    groups: dict[str, list[tuple[int, bool]]] = {}
    for movie_id, title in zip(movies["movie_id"].tolist(), movies["title"].tolist(), strict=True):
        name = series_name(title)
        if name is not None:
            groups.setdefault(name, []).append((movie_id, is_sequel_title(title)))
    return _pairs(
        [movie_id for movie_id, _ in group]
        for group in groups.values()
        if any(sequel for _, sequel in group)
    )


def director_pairs(film_credits: pd.DataFrame, catalogue: IntArray) -> list[tuple[int, int]]:
    """Return pairs of films of the catalogue with a director in common, lower id first.

    Args:
        film_credits: Frame as ``CREDIT_DTYPES``.
        catalogue: Ids of the movies that count.
    """
    known = set(catalogue.tolist())
    films: dict[str, list[int]] = {}
    for movie_id, names in zip(
        film_credits["movie_id"].tolist(), film_credits["directors"].tolist(), strict=True
    ):
        for name in filter(None, names.split("|")) if movie_id in known else ():
            films.setdefault(name, []).append(movie_id)
    return _pairs(films.values())


def _pairs(groups: Iterable[list[int]]) -> list[tuple[int, int]]:
    pairs = {pair for group in groups for pair in combinations(sorted(set(group)), 2)}
    return sorted(pairs)
