"""Which parts of a title a question was found in."""

from __future__ import annotations

from itertools import pairwise

from rapidfuzz.distance import OSA

from recommender.inference.search.question import Question
from recommender.inference.search.text import Word, words_of
from recommender.inference.search.vocabulary import edits_allowed

Span = tuple[int, int]


def spans_of(title: str, question: Question) -> tuple[Span, ...]:
    """Return the character ranges of ``title`` that words of the question stand for, rising.

    Of a word that is being typed only the beginning is marked.
    """
    words = words_of(title)
    found: set[Span] = set()
    asked = [*question.words, *("".join(pair) for pair in pairwise(question.words))]
    for word in words:
        span = _span(word, asked, question.words[-1])
        if span is not None:
            found.add(span)
    for first, second in pairwise(words):
        if first.text + second.text in asked:
            found |= {first.span, second.span}
    return tuple(sorted(found))


def _span(word: Word, asked: list[str], last: str) -> Span | None:
    if word.text in asked:
        return word.span
    if word.text.startswith(last):
        return word.places[0], word.places[len(last) - 1] + 1
    if any(_is_near(text, word.text) for text in asked):
        return word.span
    return None


def _is_near(text: str, word: str) -> bool:
    most = edits_allowed(text)
    return most > 0 and OSA.distance(text, word, score_cutoff=most) <= most
