"""Queries as people type them, each with the film that is meant.

What is meant must be decidable by the text: a query is drawn again where another film fits it as
well, judged by brute force over all names of the catalogue and by none of the code that is
measured. How many were drawn in vain is reported with each kind.

- `typo`: one letter (or blank) inserted, deleted, replaced, or exchanged with its neighbour; no
  other film has a name within as few edits as the one that is meant, or a name that begins so.
- `swapped`: two words exchanged; no other film has a name of the same words.
- `prefix`: the beginning of a title, up to anywhere behind the place where at most ten films begin
  so, articles aside: of eleven films with one beginning, ten can be in a list of ten.
- `year`: title and year, half of the films being remakes of the same title.
- `accents`: names that have accents, typed without them.
- `article`: the article of a title dropped, or put behind as MovieLens does.
- `original`: an original or other title.
- `person`: a name with one typo that is no nearer to another person's, and begins no other one.
- `keystroke`: every beginning of a title from its first letter on, for the times alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from benchmarks.search.spelling import plain, spoken_names, unaccented, with_typo
from benchmarks.search.titles import Films

Value = TypeVar("Value")

KINDS = ("typo", "swapped", "prefix", "year", "accents", "article", "original", "person")
_ENGLISH = frozenset({"a", "an", "the"})
_MOST_ALIKE = 10
_MOST_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Query:
    """What is typed, and what is meant.

    Attributes:
        text: What is typed.
        film: The place of the film, or of the person among `Queries.people`.
    """

    text: str
    film: int


class Queries:
    """Draws queries over a catalogue.

    Args:
        films: The catalogue.
        rng: Every random choice.

    Attributes:
        names: Of each film its names as people say them: the title first, articles before.
        people: All names of people, in alphabetical order.
        in_vain: How many queries of each kind were drawn in vain.
    """

    def __init__(self, films: Films, rng: np.random.Generator) -> None:
        self._films, self._rng = films, rng
        self.names = [spoken_names(title) for title in films.titles]
        rows = chain(films.directors, films.cast)
        self.people = sorted({name for row in rows for name in row.split("|") if name})
        self.in_vain: Counter[str] = Counter()
        self._plain = [plain(name) for names in self.names for name in names]
        self._owner = [film for film, names in enumerate(self.names) for _ in names]
        self._by_words: dict[str, set[int]] = defaultdict(set)
        self._by_name: dict[str, set[int]] = defaultdict(set)
        for name, film in zip(self._plain, self._owner, strict=True):
            self._by_words[" ".join(sorted(name.split()))].add(film)
            self._by_name[name].add(film)
        self._sorted = sorted(zip(self._plain, self._owner, strict=True))
        self._plain_people = [plain(name) for name in self.people]

    def draw(self, kind: str, n: int) -> list[Query]:
        """Return at most ``n`` queries of a kind; fewer where the catalogue has none."""
        make: Callable[[], Query | None] = getattr(self, f"_{kind}")
        found: list[Query] = []
        for _ in range(n):
            for _ in range(_MOST_DRAWS):
                query = make()
                if query is not None:
                    found.append(query)
                    break
                self.in_vain[kind] += 1
        return found

    def keystrokes(self, n: int) -> list[str]:
        """Return all beginnings of ``n`` titles."""
        names = [self._any(self.names)[0] for _ in range(n)]
        return [name[:length] for name in names for length in range(1, len(name) + 1)]

    def _typo(self) -> Query | None:
        film, name = self._name()
        typed = with_typo(name, self._rng)
        nearest = self._nearest(plain(typed), self._plain)
        owners = {self._owner[place] for place in nearest} | self._beginning_with(plain(typed))
        return Query(typed, film) if owners == {film} and plain(typed) != plain(name) else None

    def _swapped(self) -> Query | None:
        film, name = self._name()
        words = name.split()
        if len(words) < 2:  # noqa: PLR2004 - nothing to exchange
            return None
        first, second = sorted(self._rng.choice(len(words), 2, replace=False).tolist())
        words[first], words[second] = words[second], words[first]
        typed = " ".join(words)
        same = self._by_words[" ".join(sorted(plain(typed).split()))]
        return Query(typed, film) if same == {film} and plain(typed) != plain(name) else None

    def _prefix(self) -> Query | None:
        film = self._film()
        name = self.names[film][0]
        lengths = []
        for length in range(1, len(name) + 1):
            alike = self._beginning_with(plain(name[:length]))
            # Without its film where it ends within an article.
            if len(alike) <= _MOST_ALIKE and film in alike:
                lengths.append(length)
        return Query(name[: self._any(lengths)], film) if lengths else None

    def _year(self) -> Query | None:
        film = self._film()
        name, year = self.names[film][0], self._films.years[film]
        same = self._by_name[plain(name)]
        if year is None or plain(name).endswith(str(year)):
            return None
        if self._rng.random() < 0.5 and len(same) < 2:  # noqa: PLR2004 - no remake
            return None
        of_year = [other for other in same if self._films.years[other] == year]
        return Query(f"{name} {year}", film) if len(of_year) == 1 else None

    def _accents(self) -> Query | None:
        film, name = self._name()
        typed = unaccented(name)
        return Query(typed, film) if typed != name and self._is_sole(name, film) else None

    def _article(self) -> Query | None:
        film = self._film()
        name = self.names[film][0]
        first, _, rest = name.partition(" ")
        if first.lower() not in _ENGLISH or not rest or not self._is_sole(name, film):
            return None
        return Query(rest if self._rng.random() < 0.5 else f"{rest}, {first}", film)  # noqa: PLR2004

    def _original(self) -> Query | None:
        film = self._film()
        others = self.names[film][1:]
        if not others or not self._is_sole(others[0], film):
            return None
        return Query(others[0], film)

    def _person(self) -> Query | None:
        if not self.people:
            return None
        person = int(self._rng.integers(len(self.people)))
        typed = with_typo(self.people[person], self._rng)
        nearest = self._nearest(plain(typed), self._plain_people)
        begun = any(name.startswith(plain(typed)) for name in self._plain_people)
        return Query(typed, person) if nearest == [person] and not begun else None

    def _film(self) -> int:
        return int(self._rng.integers(len(self.names)))

    def _name(self) -> tuple[int, str]:
        film = self._film()
        return film, self._any(self.names[film])

    def _any(self, values: Sequence[Value]) -> Value:
        return values[int(self._rng.integers(len(values)))]

    def _is_sole(self, name: str, film: int) -> bool:
        return self._by_name[plain(name)] == {film}

    def _beginning_with(self, beginning: str) -> set[int]:
        """Return films of which a name begins so; more than are asked for where there are many."""
        first = bisect_left(self._sorted, (beginning,))
        near = self._sorted[first : first + 4 * _MOST_ALIKE]
        return {film for name, film in near if name.startswith(beginning)}

    @staticmethod
    def _nearest(typed: str, names: list[str]) -> list[int]:
        """Return the places of the names with the fewest edits from what is typed."""
        edits = process.cdist([typed], names, scorer=OSA.distance, score_cutoff=3)[0]
        return np.flatnonzero(edits == edits.min()).tolist()
