"""From text to words that can be compared: without case, accents and punctuation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: English articles, which say nothing of which movie is meant.
ARTICLES = frozenset({"a", "an", "the"})
#: Letters that Unicode does not take apart.
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "\u0131": "i",
}  # fmt: skip
_APOSTROPHES = frozenset("'`\u2018\u2019\u02bc\u00b4")
#: What stands between initials.
_POINTS = frozenset(".*\u00b7")
#: Numerals of sequels; ``i``, ``v`` and ``x`` alone are letters as often.
_ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
    "xi": "11", "xii": "12", "xiii": "13",
}  # fmt: skip
#: First and last code points of scripts without spaces between words: each letter is a word.
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x9FFF), (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)  # fmt: skip
_BREAK = " "


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Attributes:
        text: Its letters and digits as they are compared.
        places: Of each letter the place of its sign in the text; a Roman numeral has more places
            than digits.
    """

    text: str
    places: tuple[int, ...]

    @property
    def span(self) -> tuple[int, int]:
        """Where it begins in the text, and the place after its last sign."""
        return self.places[0], self.places[-1] + 1


def words_of(text: str) -> list[Word]:
    """Return the words of ``text`` in their order.

    A text without letters and digits is read sign by sign.

    >>> [word.text for word in words_of("L\u00e9on: Part II (S.W.A.T. & Schindler's)")]
    ['leon', 'part', '2', 'swat', 'and', 'schindlers']
    >>> [word.text for word in words_of("?!")]
    ['?', '!']
    """
    words = [
        Word(_ROMAN.get(word.text, word.text), word.places)
        for word in _joined_initials(text, _runs(text))
    ]
    if words:
        return words
    return [Word(sign, (place,)) for place, sign in enumerate(text) if _is_visible(sign)]


def plain_words(text: str) -> list[str]:
    """Return the words of ``text`` without their places."""
    return [word.text for word in words_of(text)]


@lru_cache(maxsize=4096)
def folded(sign: str) -> str:
    """Return what one character is compared as: letters, digits or blanks, or nothing.

    >>> [folded(sign) for sign in "\u00c9\u00df-'\u00bd"]
    ['e', 'ss', ' ', '', '1 2']
    """
    if sign in _APOSTROPHES:
        return ""
    if sign == "&":
        return " and "
    plain = unicodedata.normalize("NFKD", sign.casefold()).casefold()
    return "".join(_folded_letter(letter) for letter in plain)


def is_unspaced(letter: str) -> bool:
    """Return whether a letter is of a script without spaces between words."""
    code = ord(letter)
    return any(first <= code <= last for first, last in _UNSPACED)


def _folded_letter(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    if unicodedata.category(letter)[0] not in "LNM":
        return _BREAK
    return _LETTERS.get(letter, letter)


def _runs(text: str) -> Iterator[Word]:
    """Yield runs of letters and digits."""
    letters: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for letter in folded(sign):
            alone = is_unspaced(letter)
            if letters and (letter == _BREAK or alone or is_unspaced(letters[-1])):
                yield Word("".join(letters), tuple(places))
                letters, places = [], []
            if letter != _BREAK:
                letters.append(letter)
                places.append(place)
    if letters:
        yield Word("".join(letters), tuple(places))


def _joined_initials(text: str, words: Iterator[Word]) -> Iterator[Word]:
    """Yield words, single letters with nothing but a point between them as one."""
    before: Word | None = None
    for word in words:
        if before is not None and _are_initials(text, before, word):
            before = Word(before.text + word.text, before.places + word.places)
            continue
        if before is not None:
            yield before
        before = word
    if before is not None:
        yield before


def _are_initials(text: str, before: Word, word: Word) -> bool:
    between = text[before.span[1] : word.span[0]]
    last_is_single = len(before.places) == 1 or text[before.places[-1] - 1] in _POINTS
    return (
        len(word.text) == 1
        and last_is_single
        and between in _POINTS
        and word.text.isalpha()
        and before.text.isalpha()
    )


def _is_visible(sign: str) -> bool:
    return not sign.isspace() and unicodedata.category(sign)[0] not in "CZ"
