"""A query as a question: which words of the vocabulary each of its words may stand for.

The work is bounded whatever is typed: only the first words and letters of a long query count.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from recommender.inference.search.text import ARTICLES, as_numeral, plain_words, without_articles
from recommender.inference.search.vocabulary import Vocabulary, WordRange

#: What is read of a query.
MOST_CHARACTERS = 300
MOST_WORDS = 16
MOST_LETTERS = 40
#: Years that a film can be of.
_YEARS = range(1870, 2101)
_YEAR_DIGITS = 4
#: How like a word is to two words, or two words to one, that differ by a blank.
_PHRASE_SIMILARITY = 0.9
#: Longer words are not taken apart.
_MOST_PARTED = 24
_MOST_PHRASES = 8


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of the vocabulary that stand together for words of the query.

    Attributes:
        places: Which words of the query.
        words: The words of the vocabulary.
        similarity: How like they are, from 0 to 1.
    """

    places: tuple[int, ...]
    words: tuple[int, ...]
    similarity: float


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        words: The words of the query as they are compared, without articles if there are others.
        ranges: Of each word, what it may stand for, the most alike last.
        phrases: What words may stand for that were run together or torn apart.
        parts: The words of the phrases.
    """

    words: tuple[str, ...]
    ranges: tuple[tuple[WordRange, ...], ...]
    phrases: tuple[Phrase, ...]
    parts: frozenset[str]

    @property
    def key(self) -> str:
        """The words as one text."""
        return " ".join(self.words)

    @property
    def beginnings(self) -> tuple[str, ...]:
        """The keys with which a text may begin that is being typed.

        In ``war of t`` the last word may be an article, which keys do not have.
        """
        last = self.words[-1]
        if len(self.words) > 1 and any(article.startswith(last) for article in ARTICLES):
            return self.key, " ".join(self.words[:-1])
        return (self.key,)

    @property
    def years(self) -> dict[int, int]:
        """Which words may be years, by their places."""
        return {place: int(word) for place, word in enumerate(self.words) if _is_year(word)}


def question_of(query: str, vocabulary: Vocabulary) -> Question:
    """Return what ``query`` asks of the words of ``vocabulary``."""
    words = query_words(query)
    last = len(words) - 1
    ranges = tuple(
        tuple(vocabulary.like(word, is_prefix=place == last)) for place, word in enumerate(words)
    )
    phrases = tuple(_phrases(words, vocabulary))
    parts = frozenset(vocabulary[word] for phrase in phrases for word in phrase.words)
    return Question(words, ranges, phrases, parts)


def query_words(query: str) -> tuple[str, ...]:
    """Return the words of a query that count."""
    found = [word[:MOST_LETTERS] for word in plain_words(query[:MOST_CHARACTERS])][:MOST_WORDS]
    telling = without_articles(found)
    return tuple(telling)


def _is_year(word: str) -> bool:
    return len(word) == _YEAR_DIGITS and word.isascii() and word.isdigit() and int(word) in _YEARS


def _phrases(words: tuple[str, ...], vocabulary: Vocabulary) -> list[Phrase]:
    found: list[Phrase] = []
    known = [vocabulary.find(word) is not None for word in words]
    for place, word in enumerate(words):
        if not known[place]:
            found += _parted(word, (place,), vocabulary)
    for place, pair in enumerate(pairwise(words)):
        joined, places = "".join(pair), (place, place + 1)
        whole = vocabulary.find(joined)
        if whole is not None:
            found.append(Phrase(places, (whole,), _PHRASE_SIMILARITY))
        if not all(known[place : place + 2]):
            found += _parted(joined, places, vocabulary)
    return found[:_MOST_PHRASES]


def _parted(word: str, places: tuple[int, ...], vocabulary: Vocabulary) -> list[Phrase]:
    """Return the pairs of known words that make ``word``, or do without one of its letters."""
    if len(word) > _MOST_PARTED:
        return []
    found = []
    for cut in range(1, len(word)):
        first = vocabulary.find(word[:cut])
        if first is None:
            continue
        for skipped in (0, 1):
            second = vocabulary.find(as_numeral(word[cut + skipped :]))
            if second is not None:
                similarity = _PHRASE_SIMILARITY - 0.1 * skipped
                found.append(Phrase(places, (first, second), similarity))
    return found
