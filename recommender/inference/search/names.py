"""The names that a title holds: its own, and those in parentheses at its end.

MovieLens writes ``Seven Samurai (Shichinin no samurai)``, ``Seven (a.k.a. Se7en)`` and
``Postman, The (Postino, Il)``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GROUP = re.compile(r"\s*\(([^()]*)\)\s*$")
_ALSO = re.compile(r"^\s*(?:a\.?k\.?a\.?|aka|or)[\s:]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a movie.

    Attributes:
        text: As the title has it.
        is_title: Whether it is the title itself, not an original or other one.
    """

    text: str
    is_title: bool


def names_of(title: str) -> list[Name]:
    """Return the names in ``title``, its own first, and last the whole if there are several.

    >>> [name.text for name in names_of("Seven (a.k.a. Se7en)")]
    ['Seven', 'Se7en', 'Seven (a.k.a. Se7en)']
    >>> [name.text for name in names_of("(500) Days of Summer")]
    ['(500) Days of Summer']
    """
    if not title.rstrip().endswith(")"):
        return [Name(title, is_title=True)]
    others: list[str] = []
    rest = title
    while found := _GROUP.search(rest):
        if not rest[: found.start()].strip():
            break
        rest = rest[: found.start()]
        others.insert(0, _ALSO.sub("", found[1]))
    names = [Name(rest, is_title=True)]
    names += [Name(other, is_title=False) for other in others if other.strip()]
    if others:
        names.append(Name(title, is_title=True))
    return names
