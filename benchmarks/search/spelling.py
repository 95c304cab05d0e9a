"""How people write a title, rightly and wrongly; independent of the code that is measured."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_lowercase

import numpy as np

_BEHIND = re.compile(r"^(?P<rest>.+), (?P<article>\w{1,3}'?)$")
_GROUP = re.compile(r"^(?P<rest>.*\S) \((?:a\.k\.a\. )?(?P<name>[^()]*)\)$")
_ENGLISH = frozenset({"a", "an", "the"})
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "œ": "oe"})


def spoken_names(title: str) -> list[str]:
    """Return the names in a title of MovieLens as people say them, the title itself first.

    >>> spoken_names("Postman, The (Postino, Il)")
    ['The Postman', 'Il Postino']
    """
    others: list[str] = []
    while found := _GROUP.match(title):
        title = found["rest"]
        others.insert(0, _in_front(found["name"]))
    return [_in_front(title), *(name for name in others if plain(name))]


def plain(text: str) -> str:
    """Return what is left of a text without case, accents, punctuation and English articles.

    >>> plain("Schindler's List, The"), plain("The A")
    ('schindlers list', 'the a')
    """
    folded = unaccented(text.casefold()).replace("'", "").replace("&", " and ")
    words = re.findall(r"[^\W_]+", folded)
    return " ".join([word for word in words if word not in _ENGLISH] or words)


def unaccented(text: str) -> str:
    """Return a text without accents."""
    parted = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(sign for sign in parted if not unicodedata.combining(sign))


def with_typo(text: str, rng: np.random.Generator) -> str:
    """Return a text with one letter or blank inserted, deleted, replaced or exchanged."""
    place, kind = int(rng.integers(len(text))), int(rng.integers(4))
    letter = ascii_lowercase[int(rng.integers(len(ascii_lowercase)))]
    if kind == 0:
        return text[:place] + letter + text[place:]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2 or place + 1 == len(text):  # noqa: PLR2004 - the third way
        return text[:place] + letter + text[place + 1 :]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _in_front(name: str) -> str:
    found = _BEHIND.match(name)
    if not found:
        return name
    glue = "" if found["article"].endswith("'") else " "
    return f"{found['article']}{glue}{found['rest']}"
