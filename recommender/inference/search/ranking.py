"""Which texts of a field fit a question best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from recommender.inference.search.field import Field, Fit, Floats, Ints
from recommender.inference.search.question import Question

#: Texts that cover less of the question than this share of the best cover are not found.
LEAST_OF_BEST = 0.7
#: Texts that are compared letter by letter.
COMPARED = 96
#: What counts besides the share of the question that is covered: the share of the text that is
#: named, that the text begins so, that it is popular, and its likeness letter by letter.
_OWN_COVER, _BEGINS, _PRIOR, _LETTERS = 0.18, 0.06, 0.06, 0.30
_PERFECT = 1.0 + _OWN_COVER + _BEGINS + _PRIOR + _LETTERS
#: How much the rest of a text counts while its next word is being typed.
_TYPING = 0.4
#: What letters count in another order of the words, and those of a beginning.
_ANY_ORDER, _BEGUN = 0.98, 0.9


@dataclass(frozen=True, eq=False)
class Ranked:
    """Texts that fit, best first.

    Attributes:
        texts: Shape (n,).
        scores: Shape (n,), falling, from 0 to 1.
        cover: The largest share of the question that any of them covers.
    """

    texts: Ints
    scores: Floats
    cover: float


def rank_texts(
    question: Question, field: Field, fit: Fit, priors: Floats, *, least: float, most: int
) -> Ranked:
    """Return the texts that fit a question, best first, ties by their order.

    Args:
        question: What is asked.
        field: The texts.
        fit: How well they fit.
        priors: Shape (n_texts,), how popular they are, from 0 to 1.
        least: Share of the question that must be covered.
        most: How many texts to return at most.
    """
    top = float(fit.cover.max(initial=0.0))
    texts = np.flatnonzero(fit.cover >= max(least, LEAST_OF_BEST * top)).astype(np.int32)
    if not texts.size:
        return Ranked(texts, np.zeros(0, dtype=np.float32), 0.0)
    texts, scores = _first(texts, _scores(question, field, fit, priors, texts), most)
    scores[:COMPARED] += _letters(question, field, texts[:COMPARED])
    texts, scores = _first(texts, scores, most)
    return Ranked(texts, scores / np.float32(_PERFECT), top)


def _scores(question: Question, field: Field, fit: Fit, priors: Floats, texts: Ints) -> Floats:
    own = fit.own_cover[texts]
    own = np.where(fit.is_begun[texts], 1.0 - _TYPING * (1.0 - own), own)
    begins = np.zeros(texts.size, dtype=np.bool_)
    for key in question.beginnings:
        first, end = field.beginning_with(key)
        begins |= (texts >= first) & (texts < end)
    more = _OWN_COVER * own + _BEGINS * begins + _PRIOR * priors[texts]
    return np.asarray(fit.cover[texts] * (1.0 + more), dtype=np.float32)


def _first(texts: Ints, scores: Floats, most: int) -> tuple[Ints, Floats]:
    """Return the ``most`` best, best first."""
    if texts.size > most:
        bound = np.partition(scores, texts.size - most)[texts.size - most]
        texts, scores = texts[scores >= bound], scores[scores >= bound]
    order = np.lexsort((texts, -scores))[:most]
    return texts[order], scores[order]


def _letters(question: Question, field: Field, texts: Ints) -> Floats:
    """Return how alike texts are to the question letter by letter, weighted."""
    asked, keys = question.key, [field.key(text) for text in texts.tolist()]
    in_order = _alike(asked, keys)
    in_any_order = _alike(_sorted_words(asked), [_sorted_words(key) for key in keys])
    begun = _alike(asked, [key[: len(asked)] for key in keys])
    whole = np.maximum(in_order, _ANY_ORDER * in_any_order)
    return np.asarray(_LETTERS * np.maximum(whole, _BEGUN * begun), dtype=np.float32)


def _alike(asked: str, keys: list[str]) -> Floats:
    found = process.cdist([asked], keys, scorer=OSA.normalized_similarity)[0]
    return np.asarray(found, dtype=np.float32)


def _sorted_words(key: str) -> str:
    return " ".join(sorted(key.split(" ")))
