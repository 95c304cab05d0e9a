"""The errors a user of the project can meet, each with the place, the value and the remedy."""

from __future__ import annotations


class RouletteError(Exception):
    """An error that a person can act on.

    Args:
        problem: What is wrong, in one sentence without a full stop.
        place: Where: a file and row, a setting, a model version.
        value: The offending value, shown with ``repr``.
        remedy: What to do about it, as a full sentence.

    Attributes:
        exit_code: The status with which ``run_pipeline.py`` ends on this error.
    """

    exit_code = 1

    def __init__(
        self,
        problem: str,
        *,
        place: str | None = None,
        value: object = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.place = place
        self.value = value
        self.remedy = remedy
        super().__init__(self._message())

    def _message(self) -> str:
        where = f"{self.place}: " if self.place else ""
        found = f" (found {self.value!r})" if self.value is not None else ""
        then = f". {self.remedy}" if self.remedy else "."
        return f"{where}{self.problem}{found}{then}"


class UsageError(RouletteError):
    """A command line, a configuration or a setting that cannot be obeyed."""

    exit_code = 2


class DataError(RouletteError):
    """Data that cannot be read, does not match its digest, or did not pass validation."""

    exit_code = 3


class BehaviourError(RouletteError):
    """A model that failed its behavioural tests."""

    exit_code = 4


class BundleError(RouletteError):
    """A bundle that is missing, incomplete or altered."""


class RegistryError(RouletteError):
    """A registry that is out of reach, or whose state does not allow the request."""


class TrainingError(RouletteError):
    """A training that diverged, or a checkpoint that does not belong to it."""
