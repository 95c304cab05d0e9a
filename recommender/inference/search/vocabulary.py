"""All words of a catalogue, sorted: a word, those that begin alike, and those spelt nearly so.

Near words are found by what is left of them when letters are taken away (Garbe, *SymSpell*): two
words that differ by one insertion, deletion, replacement or exchange of neighbours have such a
remainder in common. Only the first letters, the head, of a word are treated so; the real distance
decides in the end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

from recommender.bundle import pack_strings, unpack_strings

Arrays = Mapping[str, npt.NDArray[Any]]
UInts = npt.NDArray[np.uint32]

#: Letters of a word that are looked up with some of them taken away.
HEAD = 7
#: Letters from which on two may differ.
_TWO_EDITS_FROM = 7
#: Letters from which on the beginning of a word may be misspelt.
_FUZZY_PREFIX_FROM = 4
_SHORTEST_HEAD = 3
_MOST_NEAR = 64
#: How like the beginning of a word is to it; the share of letters that an edit costs; and how
#: like words are at least of which one may stand for the other.
_BEGUN, _EDIT, _LEAST_SIMILARITY = 0.9, 1.2, 0.4
_BASE = 0x9E3779B97F4A7C15
_MIX = 0xD6E8FEB86659FD93
_MASK = (1 << 64) - 1
#: Above every byte of UTF-8.
_LAST = b"\xff"


@dataclass(frozen=True, slots=True)
class WordRange:
    """Neighbouring words of the vocabulary that are like a word of the query.

    Attributes:
        first: The first of them.
        end: The one after the last.
        similarity: How like they are, from 0 to 1.
        is_whole: Whether the word of the query stands for all of theirs, and not the beginning.
    """

    first: int
    end: int
    similarity: float
    is_whole: bool = True


class Vocabulary:
    """Sorted distinct words.

    Args:
        text: UTF-8 bytes of the words.
        offsets: Shape (n_words + 1,), where each begins.
        heads: Shape (n_heads, 3): first word of each distinct head, the one after the last, and
            the number of letters of the head.
        remainders: Shape (n_remainders,), rising hashes of heads with letters taken away.
        owners: Shape (n_remainders,), the head of each.
    """

    def __init__(
        self,
        text: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int64],
        heads: UInts,
        remainders: UInts,
        owners: UInts,
    ) -> None:
        self._text, self._offsets = text, offsets
        self._bytes = np.asarray(text).data
        self._heads, self._remainders, self._owners = heads, remainders, owners

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """Return the vocabulary of ``words``, in any order and with repeats."""
        distinct = sorted(set(words))
        return cls(*pack_strings(distinct), *_heads_of(distinct))

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the vocabulary that `to_arrays` wrote."""
        names = ("text", "offsets", "heads", "remainders", "owners")
        return cls(*(arrays[f"search.words.{name}"] for name in names))

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        return {
            "search.words.text": self._text,
            "search.words.offsets": self._offsets,
            "search.words.heads": self._heads,
            "search.words.remainders": self._remainders,
            "search.words.owners": self._owners,
        }

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self._offsets) - 1

    def __getitem__(self, word: int) -> str:
        """Return a word by its number."""
        return self._raw(word).decode("utf-8")

    def numbers(self) -> dict[str, int]:
        """Return the number of every word."""
        return {
            word: number for number, word in enumerate(unpack_strings(self._text, self._offsets))
        }

    def sizes(self, first: int, end: int) -> npt.NDArray[np.int64]:
        """Return how many bytes the words from ``first`` to before ``end`` have."""
        return np.diff(self._offsets[first : end + 1])

    def find(self, text: str) -> int | None:
        """Return the number of the word ``text``, if it is there."""
        raw = text.encode("utf-8")
        place = self._place(raw)
        return place if place < len(self) and self._raw(place) == raw else None

    def beginning_with(self, text: str) -> tuple[int, int]:
        """Return the first word that begins with ``text``, and the one after the last."""
        raw = text.encode("utf-8")
        first = self._place(raw)
        return first, self._place(raw + _LAST, first)

    def like(self, text: str, *, is_prefix: bool) -> list[WordRange]:
        """Return the words that ``text`` may stand for, the least alike first.

        Args:
            text: A word of the query.
            is_prefix: Whether more letters may follow.
        """
        heads = self._heads_near(text)
        words = self._words_with(heads)
        found = _nearest(_whole_words(text, words))
        if is_prefix:
            first, end = self.beginning_with(text)
            if end > first:
                found.append(WordRange(first, end, _BEGUN, is_whole=False))
            if len(text) < HEAD:
                found += _nearest(self._begun_heads(text, heads))
            else:
                found += _nearest(_begun_words(text, words))
        exact = self.find(text)
        found.sort(key=lambda near: (near.similarity, near.first))
        if exact is not None:
            found.append(WordRange(exact, exact + 1, 1.0))
        return found

    def _words_with(self, heads: Sequence[int]) -> dict[int, str]:
        """Return the words that are a head, and those that go on after one of seven letters."""
        found: dict[int, str] = {}
        for first, end, size in self._heads[heads].tolist():
            for word in range(first, end if size == HEAD else first + 1):
                found.setdefault(word, self[word])
        return found

    def _begun_heads(self, text: str, heads: Sequence[int]) -> Iterator[WordRange]:
        """Yield the words that begin nearly as a short ``text``."""
        if len(text) < _FUZZY_PREFIX_FROM:
            return
        for first, end, size in self._heads[heads].tolist():
            beginning = self[first][:size]
            if OSA.distance(text, beginning, score_cutoff=1) == 1:
                yield WordRange(first, end, _BEGUN - 1.0 / len(text), is_whole=False)

    def _heads_near(self, text: str) -> list[int]:
        """Return the heads that have a remainder in common with the head of ``text``."""
        head = text[:HEAD]
        hashes = np.array(sorted(set(_hashes_of(head))), dtype=np.uint32)
        first = np.searchsorted(self._remainders, hashes, "left").tolist()
        end = np.searchsorted(self._remainders, hashes, "right").tolist()
        rows = [self._owners[a:b] for a, b in zip(first, end, strict=True) if b > a]
        return np.unique(np.concatenate(rows)).tolist() if rows else []

    def _raw(self, word: int) -> bytes:
        return bytes(self._bytes[self._offsets[word] : self._offsets[word + 1]])

    def _place(self, raw: bytes, low: int = 0) -> int:
        return bisect_left(range(len(self)), raw, low, key=self._raw)


def edits_allowed(text: str) -> int:
    """Return how many edits may part a word of the query from what it stands for."""
    if len(text) < 2:  # noqa: PLR2004 - a single letter is not a misspelt one
        return 0
    return 2 if len(text) >= _TWO_EDITS_FROM else 1


def begun_letters(text: str, word: str) -> int:
    """Return how many letters of ``word`` someone may have typed as ``text``; 0 for none.

    >>> begun_letters("term", "terminator"), begun_letters("termnat", "terminator")
    (4, 8)
    """
    if len(word) <= len(text):
        return 0
    if word.startswith(text):
        return len(text)
    if len(text) < _FUZZY_PREFIX_FROM:
        return 0
    sizes = (len(text), len(text) + 1, len(text) - 1)
    edits = {size: OSA.distance(text, word[:size], score_cutoff=1) for size in sizes}
    best = min(sizes, key=edits.__getitem__)
    return best if edits[best] == 1 else 0


def _whole_words(text: str, words: Mapping[int, str]) -> Iterator[WordRange]:
    """Yield the ``words`` that ``text`` may be misspelt from."""
    most = edits_allowed(text)
    for word, other in words.items():
        edits = OSA.distance(text, other, score_cutoff=most)
        if 0 < edits <= most:
            similarity = 1.0 - _EDIT * edits / max(len(text), len(other))
            yield WordRange(word, word + 1, max(_LEAST_SIMILARITY, similarity))


def _begun_words(text: str, words: Mapping[int, str]) -> Iterator[WordRange]:
    """Yield the ``words`` that begin nearly, but not quite, as a long ``text``."""
    for word, other in words.items():
        if not other.startswith(text) and begun_letters(text, other):
            yield WordRange(word, word + 1, _BEGUN - 1.0 / len(text), is_whole=False)


def _nearest(ranges: Iterable[WordRange]) -> list[WordRange]:
    return sorted(ranges, key=lambda near: (-near.similarity, near.first))[:_MOST_NEAR]


def _heads_of(words: Sequence[str]) -> tuple[UInts, UInts, UInts]:
    """Return heads, remainders and owners of sorted ``words``, as `Vocabulary` has them.

    Heads are all beginnings of 3 to 7 letters, and shorter words as they are.
    """
    codes = np.array([word[:HEAD] for word in words], dtype=f"U{HEAD}").view(np.uint32)
    codes = codes.reshape(len(words), HEAD)
    sizes = np.count_nonzero(codes, axis=1)
    heads, hashes, owners, n_heads = [], [], [], 0
    for size in range(1, HEAD + 1):
        changes = np.any(codes[1:, :size] != codes[:-1, :size], axis=1)
        first = np.flatnonzero(np.append(True, changes)[: len(words)])
        end = np.append(first[1:], len(words))[: first.size]
        # What is shorter stands before whatever goes on after it.
        is_head = sizes[first] >= size if size >= _SHORTEST_HEAD else sizes[first] == size
        first, end = first[is_head], end[is_head]
        heads.append(np.column_stack([first, end, np.full(first.size, size)]))
        for kept in _kept(size):
            hashes.append(_hash_rows(codes[first][:, kept].astype(np.uint64)))
            owners.append(np.arange(n_heads, n_heads + first.size))
        n_heads += first.size
    found, owned = np.concatenate(hashes), np.concatenate(owners).astype(np.uint32)
    order = np.lexsort((owned, found))
    return np.concatenate(heads).astype(np.uint32), found[order], owned[order]


def _hash_rows(codes: npt.NDArray[np.uint64]) -> UInts:
    """Return a hash of each row of code points."""
    total = np.zeros(len(codes), dtype=np.uint64)
    for column in codes.T:
        total = total * np.uint64(_BASE) + column + np.uint64(1)
    return ((total * np.uint64(_MIX)) >> np.uint64(32)).astype(np.uint32)


def _hashes_of(head: str) -> Iterable[int]:
    """Yield the hashes of all remainders of a head, as `_hash_rows` has them."""
    codes = [ord(letter) for letter in head]
    for kept in _kept(len(head)):
        total = 0
        for place in kept:
            total = (total * _BASE + codes[place] + 1) & _MASK
        yield ((total * _MIX) & _MASK) >> 32


@cache
def _kept(size: int) -> tuple[tuple[int, ...], ...]:
    """Return which letters of a head may be left when some are taken away."""
    most = 2 if size >= _TWO_EDITS_FROM else 1
    return tuple(
        kept
        for left in range(size, max(size - most, 1) - 1, -1)
        for kept in combinations(range(size), left)
    )
