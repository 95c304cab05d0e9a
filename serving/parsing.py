"""From a request to checked values: what a route's annotations say, and nothing else.

A route names its models as ``path``, ``query`` and ``body``; flask-openapi3 reads the same
annotations for the document. Its own reader makes a schema for every request, takes what is not
JSON for an empty body, and is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, TypeVar, get_origin, get_type_hints

from flask import Response, request
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from werkzeug.datastructures import MultiDict

from serving.problems import Problem

Route = Callable[..., Response]
Checked = TypeVar("Checked", bound=BaseModel)
_MOST_ERRORS = 20
_MOST_QUERIES = 1024
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def checked(route: Route) -> Route:
    """Return the route that is given what its annotations name, checked.

    Raises:
        Problem: 422 with the fields at fault, 400 for a body that is not JSON, 415 for a body
            that does not say that it is.
    """
    hints = get_type_hints(route)
    path, query, body = (hints.get(name) for name in ("path", "query", "body"))
    # The same few questions come again and again; an error is not kept.
    read_query = None if query is None else lru_cache(_MOST_QUERIES)(_query_reader(query))

    @wraps(route)
    def answer(**given: str) -> Response:
        values: dict[str, BaseModel] = {}
        if path is not None:
            values["path"] = _check(path, given)
        if read_query is not None:
            values["query"] = read_query(request.query_string)
        if body is not None:
            values["body"] = _check_body(body)
        return route(**values)

    # Tells flask-openapi3 that the request is checked here.
    answer.__delay_validate_request__ = True  # type: ignore[attr-defined]
    return answer


def _query_reader(model: type[Checked]) -> Callable[[bytes], Checked]:
    lists = _list_fields(model)

    def read(query_string: bytes) -> Checked:  # noqa: ARG001 - what the answer is kept by
        """Return the checked query; what is given twice is a list, wanted or not."""
        arguments: MultiDict[str, str] = request.args
        given = {
            name: texts if name in lists or len(texts) > 1 else texts[0]
            for name, texts in arguments.lists()
        }
        return _check(model, given)

    return read


def _list_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        item.alias or name for name, item in model.model_fields.items() if _is_list(item)
    )


def _is_list(item: FieldInfo) -> bool:
    return get_origin(item.annotation) in (list, tuple)


def _check(model: type[Checked], values: Mapping[str, Any]) -> Checked:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise problem_of(error) from None


def _check_body(model: type[Checked]) -> Checked:
    if request.mimetype != "application/json":
        raise Problem(415, "The body must be application/json.")
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        raise problem_of(error) from None


def problem_of(error: ValidationError) -> Problem:
    """Return the problem that names the fields at fault, but not what they held."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return Problem(400, "The body is not JSON.", kind="malformed")
    errors = [
        {"field": ".".join(map(_name, item["loc"])), "problem": item["msg"]}
        for item in found[:_MOST_ERRORS]
    ]
    return Problem(
        422, "A value is not what it must be; see errors.", kind="invalid", errors=errors
    )


def _name(part: str | int) -> str:
    """Return a field's name; one that was made up is repeated only if it is harmless."""
    return str(part) if _NAME.fullmatch(str(part)) else "(unknown)"


def check_limits(*limits: tuple[str, int, int]) -> None:
    """Refuse what is above a limit of the settings.

    Args:
        limits: Field, value, and the most that it may be.

    Raises:
        Problem: 422 with the fields at fault.
    """
    errors = [
        {"field": field, "problem": f"must be at most {most}"}
        for field, value, most in limits
        if value > most
    ]
    if errors:
        detail = "A value is above this server's limit; see errors."
        raise Problem(422, detail, kind="invalid", errors=errors)
