"""What a validation found, as frozen records that turn into plain values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from recommender.errors import DataError
from recommender.schema import CleaningReport

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Failure:
    """An expectation that was not met.

    Attributes:
        suite: Table that was checked, for example ``ratings``.
        expectation: Its type, for example ``expect_column_values_to_be_between``.
        column: Its column, or ``None`` where it is about the whole table.
        severity: ``critical`` stops the pipeline, ``warning`` does not.
        count: Rows that fail, or ``None`` for a figure over all rows, such as a mean.
        total: Rows looked at, or ``None`` where none could be.
        examples: A few of the failing rows as text, each with its number.
        note: The expectation in plain words.
        observed: What was found, as text.
    """

    suite: str
    expectation: str
    column: str | None
    severity: Severity
    count: int | None
    total: int | None
    examples: tuple[str, ...]
    note: str
    observed: str

    def describe(self) -> str:
        """Return suite, column, expectation, count and examples as a few lines of text."""
        place = self.suite if self.column is None else f"{self.suite}.{self.column}"
        head = f"{place}: {self.expectation} failed: {self.observed}. Expected: {self.note}"
        return "\n".join([head, *(f"    {example}" for example in self.examples)])


@dataclass(frozen=True)
class Check:
    """An expectation and its outcome, met or not.

    Attributes:
        expectation: Its type.
        column: Its column, or ``None`` where it is about the whole table.
        severity: What a failure means.
        note: The expectation in plain words.
        arguments: Its other arguments, with every placeholder filled in.
        success: Whether it was met.
        observed: What was found, as text.
        count: Rows that fail; above zero also for a check met by most rows, as it asked.
        total: Rows looked at.
        examples: A few of the failing rows as text, each with its number.
    """

    expectation: str
    column: str | None
    severity: Severity
    note: str
    arguments: dict[str, Any]
    success: bool
    observed: str
    count: int | None = None
    total: int | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuiteReport:
    """The outcome of one suite.

    Attributes:
        name: Table that was checked.
        note: What the table is, in plain words.
        rows: Its number of rows.
        checks: In the order of the suite's file.
    """

    name: str
    note: str
    rows: int
    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The checks that failed, critical ones and warnings."""
        return tuple(
            Failure(
                suite=self.name,
                expectation=check.expectation,
                column=check.column,
                severity=check.severity,
                count=check.count,
                total=check.total,
                examples=check.examples,
                note=check.note,
                observed=check.observed,
            )
            for check in self.checks
            if not check.success
        )


@dataclass(frozen=True)
class ValidationReport:
    """The outcome of every suite on one data set.

    Attributes:
        dataset: Name of the data set.
        digest: Its SHA-256.
        simulated: Whether its ratings come from a simulation.
        suites: One report a table that the data set has.
        cleaning: What cleaning removed before, or ``None`` for a frame made in memory.
    """

    dataset: str
    digest: str
    suites: tuple[SuiteReport, ...]
    simulated: bool = False
    cleaning: CleaningReport | None = field(default=None)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The critical expectations that were not met."""
        return self._failed("critical")

    @property
    def warnings(self) -> tuple[Failure, ...]:
        """The expectations of severity ``warning`` that were not met."""
        return self._failed("warning")

    @property
    def passed(self) -> bool:
        """Whether every critical expectation was met."""
        return not self.failures

    @property
    def n_checks(self) -> int:
        """How many expectations were checked."""
        return sum(len(suite.checks) for suite in self.suites)

    def require(self) -> Self:
        """Return this report where the data may be used.

        Raises:
            DataError: A critical expectation was not met; the message names suite, column,
                expectation, count and example rows of each. Warnings do not raise.
        """
        if self.passed:
            return self
        lines = "\n".join(f"  {failure.describe()}" for failure in self.failures)
        raise DataError(
            f"the data was rejected\n{lines}\n  "
            f"{len(self.failures)} of {self.n_checks} expectations failed, and are critical",
            place=f"validation of {self.dataset!r}",
            remedy="Mend the rows at their source or, where the expectation itself is wrong, "
            "edit the suite's JSON in expectations/.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; ``passed`` and the failures stand in it too."""
        derived = {
            "passed": self.passed,
            "failures": [_plain(failure) for failure in self.failures],
            "warnings": [_plain(warning) for warning in self.warnings],
        }
        return {**_plain(self), **derived}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the report that `to_dict` turned into plain values."""
        cleaning = plain["cleaning"]
        return cls(
            dataset=plain["dataset"],
            digest=plain["digest"],
            suites=tuple(_suite_report(suite) for suite in plain["suites"]),
            simulated=plain["simulated"],
            cleaning=None if cleaning is None else CleaningReport.from_plain(cleaning),
        )

    def _failed(self, severity: Severity) -> tuple[Failure, ...]:
        every = (failure for suite in self.suites for failure in suite.failures)
        return tuple(failure for failure in every if failure.severity == severity)


def _plain(record: Any) -> Any:
    """Return a record, or what stands in one, with tuples as lists."""
    return _listed(asdict(record))


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(item) for item in value]
    return value


def _suite_report(plain: Mapping[str, Any]) -> SuiteReport:
    checks = tuple(
        Check(**{**check, "examples": tuple(check["examples"])}) for check in plain["checks"]
    )
    return SuiteReport(plain["name"], plain["note"], plain["rows"], checks)
