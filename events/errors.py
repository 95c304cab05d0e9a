"""What can go wrong with events, as errors that a caller can answer."""

from __future__ import annotations

from recommender.errors import DataError, RouletteError, UsageError


class EventError(DataError):
    """An event that cannot be stored.

    Args:
        field: Name of the field at fault.
        problem: What is wrong with it.
        value: What it holds.
    """

    def __init__(self, field: str, problem: str, value: object) -> None:
        self.field = field
        super().__init__(problem, place=field, value=value)


class StoreUnavailable(RouletteError):  # noqa: N818 - a state that passes, answered with 503
    """The store is locked, full or out of reach; nothing of the request was acknowledged.

    Args:
        problem: What is wrong, in one sentence without a full stop.
        place: The store, without its password.
        retry_after_seconds: When another try makes sense.
    """

    def __init__(self, problem: str, *, place: str, retry_after_seconds: int = 1) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(problem, place=place, remedy="Try again; nothing was acknowledged.")


class Overloaded(StoreUnavailable):
    """More events wait to be stored than the process may hold."""


class StoreOutdatedError(UsageError):
    """The store is absent, or its tables are not those of this code."""
