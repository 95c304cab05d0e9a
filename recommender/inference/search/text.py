"""From text to words that can be compared: without case, accents and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

#: English articles, which say nothing of which movie is meant.
ARTICLES = frozenset({"a", "an", "the"})
#: Letters that Unicode does not take apart.
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h",
    "\u0131": "i",
}  # fmt: skip
_APOSTROPHES = frozenset("'`\u2018\u2019\u02bc\u00b4")
_APOSTROPHE = re.compile("['\u2019\u02bc`]")
#: French and Italian articles and prepositions that an apostrophe ties to the next word.
_ELISION = re.compile("\\b([cdjlmnst]|qu|dell|nell|all|un)['\u2019\u02bc`](?=\\w)", re.IGNORECASE)
#: What stands between initials.
_POINTS = frozenset(".*\u00b7")
#: Numerals of sequels; ``i``, ``v`` and ``x`` alone are letters as often.
_ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
    "xi": "11", "xii": "12", "xiii": "13",
}  # fmt: skip
#: Scripts without spaces between words, from Thai to Han: each letter is a word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_FIRST_UNSPACED = "\u0e00"
#: Where there may be compounds.
_MAYBE_COMPOUND = re.compile(r"\w[^\w\s'\u2019]\w")
#: Where there may be initials with points between them.
_MAYBE_INITIALS = re.compile(r"[^\W\d_][.*\u00b7][^\W\d_]")
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
    >>> [word.text for word in words_of("L'Avventura")], [word.text for word in words_of("?!")]
    (['l', 'avventura'], ['?', '!'])
    """
    text = _without_elisions(text)
    words = [
        Word(as_numeral(word.text), word.places) for word in _joined_initials(text, _runs(text))
    ]
    if words:
        return words
    return [Word(sign, (place,)) for place, sign in enumerate(text) if _is_visible(sign)]


def plain_words(text: str) -> list[str]:
    """Return the words of ``text`` as `words_of` does, without their places and faster."""
    if is_simple(text):
        return [as_numeral(word) for word in text.lower().split()]
    if _MAYBE_INITIALS.search(text):
        return [word.text for word in words_of(text)]
    plain = _without_elisions(text).translate(_FOLDING)
    words = plain.split()
    if not words or (not plain.isascii() and _UNSPACED.search(plain)):
        return [word.text for word in words_of(text)]
    return [as_numeral(word) for word in words]


def without_articles(words: Sequence[str]) -> list[str]:
    """Return ``words`` without English articles, unless there is nothing else.

    >>> without_articles(["matrix", "the"]), without_articles(["the"])
    (['matrix'], ['the'])
    """
    return [word for word in words if word not in ARTICLES] or list(words)


def as_numeral(word: str) -> str:
    """Return a word with a Roman numeral of a sequel written in digits.

    >>> as_numeral("iii"), as_numeral("xi"), as_numeral("x")
    ('3', '11', 'x')
    """
    return _ROMAN.get(word, word)


def is_simple(text: str) -> bool:
    """Return whether ``text`` has nothing but ASCII letters, digits and blanks, and some letter."""
    return text.isascii() and text.replace(" ", "").isalnum()


def compounds_of(text: str, words: Sequence[Word]) -> list[Word]:
    """Return pairs of words with a hyphen or the like between them, each as one word.

    >>> title = "X-Men and Spider-Man"
    >>> [word.text for word in compounds_of(title, words_of(title))]
    ['xmen', 'spiderman']
    """
    found = []
    for first, second in pairwise(words):
        between = text[first.span[1] : second.span[0]]
        if len(between) == 1 and not between.isspace():
            found.append(Word(first.text + second.text, first.places + second.places))
    return found


def compounds_in(text: str) -> list[str]:
    """Return the texts of `compounds_of`."""
    if is_simple(text) or not (_MAYBE_COMPOUND.search(text) or _ELISION.search(text)):
        return []
    return [word.text for word in compounds_of(text, words_of(text))]


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
    return letter >= _FIRST_UNSPACED and _UNSPACED.match(letter) is not None


class _Folding(dict[int, str]):
    """What letters are compared as, for `str.translate`; those that are not held are made."""

    def __missing__(self, code: int) -> str:
        return folded(chr(code))


def _folded_letter(letter: str) -> str:
    if unicodedata.combining(letter):
        return ""
    if unicodedata.category(letter)[0] not in "LNM":
        return _BREAK
    return _LETTERS.get(letter, letter)


def _without_elisions(text: str) -> str:
    """Return ``text`` with blanks for the apostrophes of elisions, every sign in its place."""
    return _ELISION.sub(r"\1 ", text) if _APOSTROPHE.search(text) else text


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


#: Latin letters and the signs around them.
_FOLDING = _Folding({code: folded(chr(code)) for code in range(0x250)})
