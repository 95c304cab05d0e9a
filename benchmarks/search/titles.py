"""A large catalogue of invented films: titles as MovieLens writes them, people and keywords.

Titles follow patterns of real ones over a few hundred common words and as many invented names and
words as a catalogue of that size has. Among them are titles with their article behind (``River,
The``), original titles in parentheses with accents, other titles (``a.k.a.``), sequels, remakes of
the same title in another year, and near-duplicates that differ from another title by one word.
No two films have title and year in common.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.search.words import (
    ADJECTIVES,
    ARTICLES,
    ENDINGS,
    NOUNS,
    PLACES,
    SOUNDS,
    TOPICS,
)
from recommender.scale import FloatArray

_SEQUEL, _REMAKE, _NEAR, _ORIGINAL, _ALSO = 0.06, 0.03, 0.04, 0.18, 0.03
_NUMERALS = ("II", "III", "IV", "2", "3", "4", "Part II", "Part 2", "Part III")
_YEARS = (1920, 2024)
_PEOPLE_EACH, _KEYWORDS_EACH = 4, 3


@dataclass(frozen=True, eq=False)
class Films:
    """Invented films, in the order of their ids.

    Attributes:
        titles: As MovieLens writes them, without the year.
        years: Of each, or ``None`` where it is not known.
        directors: Names, joined with ``|``.
        cast: Likewise.
        keywords: Likewise.
        ratings: Shape (n,), how many ratings each has.
    """

    titles: list[str]
    years: list[int | None]
    directors: list[str]
    cast: list[str]
    keywords: list[str]
    ratings: FloatArray


class FilmMaker:
    """Invents films.

    Args:
        rng: Every random choice.
        n_films: How many films there will be.
    """

    def __init__(self, rng: np.random.Generator, n_films: int) -> None:
        self._rng = rng
        n_words = max(n_films // 4, 50)
        self._names = [self._word("english").capitalize() for _ in range(n_words)]
        self._foreign = {
            language: [self._word(language) for _ in range(n_words)] for language in ARTICLES
        }

    def films(self, n_films: int) -> Films:
        """Return so many films."""
        rows: dict[tuple[str, int], None] = {}
        plain: list[str] = []
        while len(rows) < n_films:
            title, year = self._title(plain), self._year()
            plain.append(title)
            rows.setdefault((self._shown(title), year))
        titles = [title for title, _ in rows]
        people = [self._person() for _ in range(max(n_films // 2, 10))]
        keywords = self._keywords(max(n_films // 40, 10))
        popular = 1.0 / (1.0 + self._rng.permutation(n_films)) ** 0.8
        return Films(
            titles=titles,
            years=[year for _, year in rows],
            directors=["|".join(self._some(people, 1)) for _ in titles],
            cast=["|".join(self._some(people, _PEOPLE_EACH - 1)) for _ in titles],
            keywords=["|".join(self._some(keywords, _KEYWORDS_EACH)) for _ in titles],
            ratings=np.floor(80_000 * popular),
        )

    def _title(self, before: list[str]) -> str:
        kind = self._rng.random()
        if before and kind < _SEQUEL:
            return self._sequel(self._any(before))
        if before and kind < _SEQUEL + _REMAKE:
            return self._any(before)
        if before and kind < _SEQUEL + _REMAKE + _NEAR:
            return self._near(self._any(before))
        return self._new()

    def _new(self) -> str:
        patterns: tuple[Callable[[], str], ...] = (
            lambda: f"{self._article()}{self._adjective()} {self._noun()}",
            lambda: f"{self._article()}{self._noun()} of {self._article()}{self._noun()}",
            lambda: f"{self._name()}'s {self._noun()}",
            lambda: f"{self._name()} and {self._name()}",
            lambda: f"{self._article()}{self._noun()} in {self._place()}",
            lambda: f"{self._name()}",
            lambda: f"{self._name()} {self._noun()}",
            lambda: f"{self._article()}{self._noun()} {self._noun()}",
            lambda: f"{self._adjective()} {self._name()}",
            lambda: f"{self._name()} {self._name()}",
            lambda: f"{self._noun()} & {self._noun()}",
            lambda: f"{self._article()}{self._adjective()} {self._noun()} of {self._name()}",
            lambda: f"{self._name()}: {self._article()}{self._noun()} of {self._topic()}",
            lambda: f"{self._noun()} for {self._article()}{self._noun()}",
            lambda: f"{self._name()} vs. {self._name()}",
            lambda: f"{self._foreign_words('french').capitalize()}",
        )
        return patterns[self._rng.integers(len(patterns))]()

    def _sequel(self, title: str) -> str:
        if self._rng.random() < 0.7:  # noqa: PLR2004 - the rest has a name of its own
            return f"{title} {self._any(_NUMERALS)}"
        return f"{title}: {self._any(ENDINGS).title()}"

    def _near(self, title: str) -> str:
        words = title.split(" ")
        words[self._rng.integers(len(words))] = self._any(NOUNS).capitalize()
        return " ".join(words)

    def _shown(self, title: str) -> str:
        """Return a title as MovieLens writes it."""
        for article in ("The", "A", "An"):
            if title.startswith(f"{article} "):
                title = f"{title[len(article) + 1 :]}, {article}"
                break
        kind = self._rng.random()
        if kind < _ORIGINAL:
            return f"{title} ({self._original()})"
        if kind < _ORIGINAL + _ALSO:
            return f"{title} (a.k.a. {self._new()})"
        return title

    def _original(self) -> str:
        language = self._any(tuple(ARTICLES))
        words = self._foreign_words(language).capitalize()
        articles = ARTICLES[language]
        return f"{words}, {self._any(articles)}" if articles and self._heads() else words

    def _foreign_words(self, language: str) -> str:
        return " ".join(self._some(self._foreign[language], int(self._rng.integers(1, 5))))

    def _word(self, language: str) -> str:
        onsets, vowels, codas = (sounds.split() for sounds in SOUNDS[language])
        middle = int(self._rng.integers(2, 4))
        syllables = [self._any(onsets) + self._any(vowels) for _ in range(middle)]
        return "".join(syllables) + (self._any(codas) if self._heads() else "")

    def _person(self) -> str:
        first = self._any(self._names[: max(len(self._names) // 20, 10)])
        if self._rng.random() < 0.1:  # noqa: PLR2004 - some have an initial
            first += f" {self._any('ABCDEFGHJKLMNPRSTW')}."
        return f"{first} {self._name()}"

    def _keywords(self, n: int) -> list[str]:
        pairs = [f"{self._any(ADJECTIVES)} {self._any(NOUNS)}" for _ in range(n)]
        return list(dict.fromkeys([*NOUNS, *pairs]))[:n]

    def _year(self) -> int:
        first, last = _YEARS
        return last - int((last - first) * self._rng.random() ** 2)

    def _article(self) -> str:
        return self._any(("The ", "The ", "The ", "A ", "", "", ""))

    def _adjective(self) -> str:
        return self._any(ADJECTIVES).capitalize()

    def _noun(self) -> str:
        noun = self._any(NOUNS).capitalize()
        return noun + "s" if self._rng.random() < 0.25 else noun  # noqa: PLR2004 - a quarter

    def _name(self) -> str:
        return self._any(self._names)

    def _place(self) -> str:
        return self._any(PLACES).capitalize()

    def _topic(self) -> str:
        return self._any(TOPICS).replace("-", " ").title()

    def _heads(self) -> bool:
        return bool(self._rng.random() < 0.5)  # noqa: PLR2004 - a coin

    def _any(self, values: tuple[str, ...] | list[str] | str) -> str:
        """Return one of ``values``; the first ones are drawn more often, as words are used."""
        return values[int(len(values) * self._rng.random() ** 1.5)]

    def _some(self, values: list[str], n: int) -> list[str]:
        return list(dict.fromkeys(self._any(values) for _ in range(n)))
