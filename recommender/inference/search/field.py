"""Texts of one kind, and how well each fits a question."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recommender.bundle import pack_strings
from recommender.inference.estimates import BoolArray
from recommender.inference.search.question import Phrase, Question
from recommender.inference.search.text import ARTICLES, without_articles
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
    """

    cover: Floats
    own_cover: Floats
    is_begun: BoolArray


@dataclass(frozen=True, eq=False)
class _Marks:
    """What one word of a question finds.

    Attributes:
        similarities: Shape (n_texts,), how like it is to a word of the text, 0 where it is not.
        gains: Shape (n_texts,), the weight in the text of what it stands for.
        begun: Shape (n_texts,), whether it is only the beginning of that.
    """

    similarities: Floats
    gains: Floats
    begun: BoolArray

    @classmethod
    def none(cls, n_texts: int) -> Self:
        """Return marks of nothing."""
        numbers = np.zeros((2, n_texts), dtype=np.float32)
        return cls(numbers[0], numbers[1], np.zeros(n_texts, dtype=np.bool_))

    def clear(self) -> None:
        """Forget what was found."""
        self.similarities.fill(0.0)
        self.gains.fill(0.0)
        self.begun.fill(False)


#: A text and a word that it is found by besides its own.
Pairs = Sequence[tuple[int, str]]


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
    def of(cls, texts: Sequence[Sequence[str]], more: Pairs, numbers: Mapping[str, int]) -> Self:
        """Return the field of texts, each given as its words, sorted by `key_of`.

        Args:
            texts: Words of each text.
            more: Further words that texts are found by.
            numbers: The number of each word of the vocabulary.
        """
        n_texts = max(len(texts), 1)
        lengths = [len(words) for words in texts]
        own = _pairs(
            [numbers[word] for words in texts for word in words],
            np.repeat(np.arange(len(texts)), lengths),
            n_texts,
        )
        others = [numbers[word] for _, word in more], [text for text, _ in more]
        pairs = np.union1d(own, _pairs(*others, n_texts)) if more else own
        found, where = np.divmod(pairs, n_texts)
        starts = np.searchsorted(found, np.arange(len(numbers) + 1)).astype(np.int32)
        weights = _weights(np.diff(starts), len(texts))
        weights[[numbers[article] for article in ARTICLES if article in numbers]] = 0.0
        words, where_own = np.divmod(own, n_texts)
        mass = np.bincount(where_own, weights=weights[words], minlength=len(texts))
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
        marks = _Marks.none(len(self))
        cover, own = np.zeros((2, len(self)), dtype=np.float32)
        total = 0.0
        for place, ranges in enumerate(question.ranges):
            marks.clear()
            for near in ranges:
                self._mark(near, question, place, vocabulary, marks)
            for phrase in question.phrases:
                if place in phrase.places:
                    self._mark_phrase(phrase, marks)
            weight = self._weight(ranges)
            if years is not None and place in question.years:
                weight = min(weight, _YEAR_WEIGHT)
                _mark_year(question.years[place], years, marks)
            cover += np.float32(weight) * marks.similarities
            if question.words.index(question.words[place]) == place:
                own += marks.gains
            total += weight
        cover /= np.float32(max(total, _LEAST_WEIGHT))
        own /= np.maximum(self._mass, np.float32(_LEAST_WEIGHT))
        return Fit(cover, np.minimum(own, np.float32(1.0)), marks.begun)

    def texts_of(self, word: int) -> Ints:
        """Return the texts that have a word of the vocabulary, rising."""
        return self._texts[self._starts[word] : self._starts[word + 1]]

    def _mark(
        self,
        near: WordRange,
        question: Question,
        place: int,
        vocabulary: Vocabulary,
        marks: _Marks,
    ) -> None:
        first, end = near.first, near.end
        texts = self._texts[self._starts[first] : self._starts[end]]
        if near.is_whole:
            marks.similarities[texts] = near.similarity
            marks.gains[texts] = near.similarity * self._weights[first]
            marks.begun[texts] = False
            return
        weights, counts = self._weights[first:end], np.diff(self._starts[first : end + 1])
        shares = np.minimum(len(question.words[place]) / vocabulary.sizes(first, end), 1.0)
        # Whoever types only t does not mean the article.
        tells = np.repeat((weights > 0.0) | (len(question.words) > 1), counts)
        texts = texts[tells]
        alike = near.similarity * (0.85 + 0.15 * shares)
        marks.similarities[texts] = np.repeat(alike, counts)[tells]
        marks.gains[texts] = np.repeat(shares * weights, counts)[tells]
        marks.begun[texts] = True

    def _mark_phrase(self, phrase: Phrase, marks: _Marks) -> None:
        texts = self.texts_of(phrase.words[0])
        for word in phrase.words[1:]:
            texts = np.intersect1d(texts, self.texts_of(word), assume_unique=True)
        better = texts[marks.similarities[texts] < phrase.similarity]
        weight = float(self._weights[list(phrase.words)].sum()) / len(phrase.places)
        marks.similarities[better] = phrase.similarity
        marks.gains[better] = phrase.similarity * weight
        marks.begun[better] = False

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
    """Return the words of a text as one text, without English articles if there are others.

    >>> key_of(["lord", "of", "the", "rings", "the"]), key_of(["the"])
    ('lord of rings', 'the')
    """
    return " ".join(without_articles(words))


def _pairs(words: Sequence[int], texts: npt.ArrayLike, n_texts: int) -> npt.NDArray[np.int64]:
    """Return each distinct pair of word and text as one number, rising."""
    pairs = np.sort(np.array(words, dtype=np.int64) * n_texts + np.asarray(texts, dtype=np.int64))
    return np.asarray(pairs[np.append(True, pairs[1:] > pairs[:-1])[: pairs.size]])


def _weights(counts: npt.NDArray[Any], n_texts: int) -> Floats:
    """Return the weight of words that are in so many texts: 1 for one text, little for most."""
    rarity = np.log1p(n_texts / np.maximum(counts, 1)) / np.log1p(max(n_texts, 1))
    return np.asarray(np.maximum(rarity, _LEAST_WEIGHT), dtype=np.float32)


def _mark_year(year: int, years: npt.NDArray[Any], marks: _Marks) -> None:
    for away, similarity in ((1, _NEXT_YEAR), (0, 1.0)):
        texts = np.flatnonzero((years == year - away) | (years == year + away))
        better = texts[marks.similarities[texts] < similarity]
        marks.similarities[better] = similarity


_PARTS = ("starts", "texts", "weights", "mass")
