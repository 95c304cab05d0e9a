"""What is wrong with a field, in the words of the page; the API has its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from serving.problems import Problem

_WHOLE = "must be a whole number"
#: A sentence by the kind of pydantic's error, from what its context holds.
_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "int_parsing": lambda _: _WHOLE,
    "int_type": lambda _: _WHOLE,
    "greater_than_equal": lambda given: f"must be at least {given['ge']}",
    "less_than_equal": lambda given: f"must be at most {given['le']}",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda given: f"may have at most {given['max_length']} characters",
    "too_long": lambda given: f"may be given at most {given['max_length']} times",
    "literal_error": lambda given: f"must be {given['expected']}",
    "string_type": lambda _: "may be given once",
}


def field_problem(error: ValidationError, labels: Mapping[str, str]) -> Problem:
    """Return the problem that names the fields as the page does.

    Args:
        error: What the model of the query found.
        labels: What fields are called on the page, by name; others keep their name.
    """
    errors: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        name = str(item["loc"][0])
        sentence = _SENTENCES.get(item["type"])
        said = item["msg"] if sentence is None else sentence(item.get("ctx", {}))
        errors.setdefault(labels.get(name, name), said)
    return Problem(
        422,
        "The page cannot be made of what was asked.",
        kind="invalid",
        errors=[{"field": field, "problem": said} for field, said in errors.items()],
    )
