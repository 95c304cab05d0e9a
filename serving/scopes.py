"""Which API key a route asks for, as a mark on its function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

#: ``write`` for what stores or reads data of users, ``admin`` for what changes the server.
Scope = Literal["write", "admin"]
ATTRIBUTE = "required_scope"

Route = TypeVar("Route", bound=Callable[..., Any])


def requires(scope: Scope) -> Callable[[Route], Route]:
    """Mark a route as one that a key with ``scope`` may use; enforced where keys are known."""

    def mark(route: Route) -> Route:
        setattr(route, ATTRIBUTE, scope)
        return route

    return mark
