"""Texts of one kind, and how well each fits a question."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import pack_strings
from recommender.inference.search.question import Phrase, Question
from recommender.inference.search.text import ARTICLES
from recommender.inference.search.vocabulary import Arrays, Vocabulary, WordRange

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

#: The weight of the most frequent words.
_LEAST_WEIGHT = 0.1
_YEAR_WEIGHT = 0.6
_NEXT_YEAR = 0.5


@dataclass(frozen=True, eq=False)
class Fit:
    """How well texts fit a question.

    Attributes:
        cover: Shape (n_texts,), share of the question that is found in the text, by weight.
        own_cover: Shape (n_texts,), share of the text that the question names, by weight.
        is_begun: Shape (n_texts,), whether the last word of the question is only the beginning of
            one of the text.
        similarities: Shape (n_words, n_texts), how like each word of the question is to the
            text's.
        weights: Shape (n_words,), how much each word of the question tells.
    """

    cover: Floats
    own_cover: Floats
    is_begun: npt.NDArray[np.bool_]
    similarities: Floats
    weights: Floats


class Field:
    """Texts of one kind: sorted, with the words that each has.

    Args:
        keys: UTF-8 bytes and offsets of the texts as they are compared, rising.
        starts: Shape (n_vocabulary + 1,), where the texts of each word begin.
        texts: Shape (n_pairs,), the texts of each word, rising.
        weights: Shape (n_vocabulary,), how much a word tells, from 0 to 1.
        mass: Shape (n_texts,), the weights of a text's words together.
    """

    def __init__(
        self,
        keys: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]],
        starts: Ints,
        texts: Ints,
        weights: Floats,
        mass: Floats,
    ) -> None:
        self._keys, self._bytes = keys, np.asarray(keys[0]).data
        self._starts, self._texts = starts, texts
        self._weights, self._mass = weights, mass

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], numbers: dict[str, int]) -> Self:
        """Return the field of texts, each given as its words, sorted by `key_of`.

        Args:
            texts: Words of each text.
            numbers: The number of each word of the vocabulary.
        """
        lengths = [len(words) for words in texts]
        owners = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
        words = np.array([numbers[word] for text in texts for word in text], dtype=np.int64)
        pairs = np.unique(words * len(texts) + owners)
        found, where = np.divmod(pairs, max(len(texts), 1))
        starts = np.searchsorted(found, np.arange(len(numbers) + 1)).astype(np.int32)
        weights = _weights(np.diff(starts), len(texts))
        weights[[numbers[article] for article in ARTICLES if article in numbers]] = 0.0
        mass = np.bincount(where, weights=weights[found], minlength=len(texts))
        keys = pack_strings([key_of(words) for words in texts])
        return cls(keys, starts, where.astype(np.int32), weights, mass.astype(np.float32))

    @classmethod
    def from_arrays(cls, arrays: Arrays, name: str) -> Self:
        """Return the field that `to_arrays` wrote under ``name``."""
        rest = (arrays[f"search.{name}.{part}"] for part in _PARTS)
        keys = arrays[f"search.{name}.keys"], arrays[f"search.{name}.key_offsets"]
        return cls(keys, *rest)

    def to_arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of a bundle."""
        rest = (self._starts, self._texts, self._weights, self._mass)
        return {
            f"search.{name}.keys": self._keys[0],
            f"search.{name}.key_offsets": self._keys[1],
            **{f"search.{name}.{part}": array for part, array in zip(_PARTS, rest, strict=True)},
        }

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self._mass)

    def key(self, text: int) -> str:
        """Return a text as it is compared."""
        return self._raw(text).decode("utf-8")

    def beginning_with(self, key: str) -> tuple[int, int]:
        """Return the first text whose key begins with ``key``, and the one after the last."""
        raw = key.encode("utf-8")
        texts = range(len(self))
        first = bisect_left(texts, raw, key=self._raw)
        return first, bisect_left(texts, raw + b"\xff", first, key=self._raw)

    def equal_to(self, key: str) -> tuple[int, int]:
        """Return the first text whose key is ``key``, and the one after the last."""
        raw = key.encode("utf-8")
        texts = range(len(self))
        first = bisect_left(texts, raw, key=self._raw)
        return first, bisect_left(texts, raw + b"\0", first, key=self._raw)

    def fit(
        self, question: Question, vocabulary: Vocabulary, years: npt.NDArray[Any] | None = None
    ) -> Fit:
        """Return how well each text fits.

        Args:
            question: What is asked.
            vocabulary: The words.
            years: Shape (n_texts,), the year of each text, 0 where it has none.
        """
        n_words = len(question.words)
        similarities = np.zeros((n_words, len(self)), dtype=np.float32)
        gains = np.zeros_like(similarities)
        weights = np.ones(n_words, dtype=np.float32)
        begun = np.zeros(len(self), dtype=np.bool_)
        for place, ranges in enumerate(question.ranges):
            word = question.words[place]
            for near in ranges:
                self._mark(near, word, vocabulary, (similarities[place], gains[place], begun))
            weights[place] = self._weight(ranges)
        for phrase in question.phrases:
            self._mark_phrase(phrase, similarities, gains)
        if years is not None:
            _mark_years(question, years, similarities, weights)
        cover = weights @ similarities / weights.sum()
        own = gains.sum(axis=0) / np.maximum(self._mass, 1e-6)
        return Fit(cover, np.minimum(own, 1.0), begun, similarities, weights)

    def texts_of(self, word: int) -> Ints:
        """Return the texts that have a word of the vocabulary, rising."""
        return self._texts[self._starts[word] : self._starts[word + 1]]

    def _mark(
        self,
        near: WordRange,
        word: str,
        vocabulary: Vocabulary,
        marks: tuple[Floats, Floats, npt.NDArray[np.bool_]],
    ) -> None:
        similarities, gains, begun = marks
        first, end = near.first, near.end
        texts = self._texts[self._starts[first] : self._starts[end]]
        if not texts.size:
            return
        if near.is_whole:
            similarities[texts] = near.similarity
            gains[texts] = near.similarity * self._weights[first]
        else:
            counts = np.diff(self._starts[first : end + 1])
            shares = np.minimum(len(word) / vocabulary.sizes(first, end), 1.0)
            alike = near.similarity * (0.85 + 0.15 * shares)
            similarities[texts] = np.repeat(alike, counts)
            gains[texts] = np.repeat(shares * self._weights[first:end], counts)
        begun[texts] = not near.is_whole

    def _mark_phrase(self, phrase: Phrase, similarities: Floats, gains: Floats) -> None:
        texts = self.texts_of(phrase.words[0])
        for word in phrase.words[1:]:
            texts = np.intersect1d(texts, self.texts_of(word), assume_unique=True)
        gain = float(self._weights[list(phrase.words)].sum()) / len(phrase.places)
        for place in phrase.places:
            better = texts[similarities[place, texts] < phrase.similarity]
            similarities[place, better] = phrase.similarity
            gains[place, better] = phrase.similarity * gain

    def _weight(self, ranges: Sequence[WordRange]) -> float:
        """Return how much a word of the question tells: more if it may stand for few texts."""
        known = [near for near in ranges if self._starts[near.end] > self._starts[near.first]]
        if not known:
            return 1.0
        least = known[-1].similarity - 0.05
        count = sum(
            int(self._starts[near.end] - self._starts[near.first])
            for near in known
            if near.similarity >= least
        )
        return float(_weights(np.array([count]), len(self))[0])

    def _raw(self, text: int) -> bytes:
        return bytes(self._bytes[self._keys[1][text] : self._keys[1][text + 1]])


def key_of(words: Sequence[str]) -> str:
    """Return the words of a text as one text, without an English article at either end.

    >>> key_of(["matrix", "the"]), key_of(["the", "matrix"]), key_of(["the"])
    ('matrix', 'matrix', 'the')
    """
    first, end = 0, len(words)
    if end > 1 and words[0] in ARTICLES:
        first = 1
    elif end > 1 and words[-1] in ARTICLES:
        end -= 1
    return " ".join(words[first:end])


def _weights(counts: npt.NDArray[Any], n_texts: int) -> Floats:
    """Return the weight of words that are in so many texts: 1 for one text, little for most."""
    rarity = np.log1p(n_texts / np.maximum(counts, 1)) / np.log1p(max(n_texts, 1))
    return np.asarray(np.maximum(rarity, _LEAST_WEIGHT), dtype=np.float32)


def _mark_years(
    question: Question, years: npt.NDArray[Any], similarities: Floats, weights: Floats
) -> None:
    for place, year in question.years.items():
        away = np.abs(years.astype(np.int32) - year)
        found = np.where(away == 0, 1.0, np.where(away == 1, _NEXT_YEAR, 0.0))
        similarities[place] = np.maximum(similarities[place], found)
        weights[place] = min(weights[place], _YEAR_WEIGHT)


_PARTS = ("starts", "texts", "weights", "mass")
