"""Which parts of a title a question was found in."""

from __future__ import annotations

from rapidfuzz.distance import OSA

from recommender.inference.search.question import Question
from recommender.inference.search.text import Word, compounds_of, words_of
from recommender.inference.search.vocabulary import begun_letters, edits_allowed

Span = tuple[int, int]


def spans_of(title: str, question: Question) -> tuple[Span, ...]:
    """Return the character ranges of ``title`` that words of the question stand for, rising.

    Of a word that is being typed only the beginning is marked.
    """
    words = words_of(title)
    found = {span for word in words if (span := _span(word, question)) is not None}
    compounds = [_span(word, question) for word in compounds_of(title, words)]
    found |= {span for span in compounds if span and not any(_meet(span, one) for one in found)}
    return tuple(sorted(found))


def _span(word: Word, question: Question) -> Span | None:
    if word.text in question.words or word.text in question.parts:
        return word.span
    letters = begun_letters(question.words[-1], word.text)
    if letters and word.text.startswith(question.words[-1]):
        return word.places[0], word.places[letters - 1] + 1
    if any(_is_near(text, word.text) for text in question.words):
        return word.span
    return (word.places[0], word.places[letters - 1] + 1) if letters else None


def _meet(first: Span, second: Span) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def _is_near(text: str, word: str) -> bool:
    most = edits_allowed(text)
    return most > 0 and OSA.distance(text, word, score_cutoff=most) <= most
