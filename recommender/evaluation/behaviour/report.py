"""The outcome of the behavioural tests, as stored, shown and read by the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from recommender.errors import BehaviourError
from recommender.evaluation.behaviour.page import render_page

Outcome = Literal["passed", "failed", "not applicable"]

_MAX_EXAMPLES = 5


@dataclass(frozen=True)
class BehaviourResult:
    """The outcome of one test.

    Attributes:
        name: What a sound recommender does, as an identifier.
        outcome: ``not applicable`` where the data hold nothing to try it on.
        detail: What was found and what the limit is, with numbers; or why it does not apply.
        cases: Cases tried.
        failures: Cases that went wrong. A test may tolerate some: ``detail`` says how many.
        examples: Up to five cases that went wrong, for a person.
    """

    name: str
    outcome: Outcome
    detail: str
    cases: int = 0
    failures: int = 0
    examples: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the test was tried and passed."""
        return self.outcome == "passed"


def judged(
    name: str, passed: bool, detail: str, *, cases: int, wrong: Sequence[str]
) -> BehaviourResult:
    """Return the result of a test that was tried; ``wrong`` describes each failed case."""
    return BehaviourResult(
        name=name,
        outcome="passed" if passed else "failed",
        detail=detail,
        cases=cases,
        failures=len(wrong),
        examples=tuple(wrong[:_MAX_EXAMPLES]),
    )


def not_applicable(name: str, reason: str) -> BehaviourResult:
    """Return the result of a test that these data cannot exercise."""
    return BehaviourResult(name=name, outcome="not applicable", detail=reason)


@dataclass(frozen=True)
class BehaviourReport:
    """All behavioural tests of one model.

    Attributes:
        model: Name of the model.
        dataset: Name of the data set.
        dataset_digest: SHA-256 of its source.
        seed: Seed of the cases.
        results: One a test, in the order run.
    """

    model: str
    dataset: str
    dataset_digest: str
    seed: int
    results: tuple[BehaviourResult, ...]

    @property
    def passed(self) -> bool:
        """Whether no test failed and at least one was tried."""
        return self.count("failed") == 0 and self.count("passed") > 0

    @property
    def failed(self) -> tuple[BehaviourResult, ...]:
        """The tests that failed."""
        return tuple(result for result in self.results if result.outcome == "failed")

    @property
    def summary(self) -> str:
        """The counts by outcome in one line; tests that do not apply are always among them."""
        return ", ".join(
            f"{self.count(outcome)} {outcome}" for outcome in ("passed", "failed", "not applicable")
        )

    def count(self, outcome: Outcome) -> int:
        """Return how many tests ended so."""
        return sum(result.outcome == outcome for result in self.results)

    def raise_if_failed(self) -> None:
        """Do nothing if all is well.

        Raises:
            BehaviourError: A test failed; the message names each with what was found.
        """
        if not self.passed:
            found = "; ".join(f"{item.name}: {item.detail}" for item in self.failed)
            raise BehaviourError(
                f"behavioural tests failed: {found or 'none was tried'}",
                place=f"model {self.model} on {self.dataset}",
                remedy="Read the behaviour report; production stays as it is.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values that JSON can hold."""
        tree = asdict(self)
        tree["results"] = [
            {**result, "examples": list(result["examples"])} for result in tree["results"]
        ]
        return tree

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no network."""
        return render_page(self.to_dict(), self.summary)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> BehaviourReport:
        """Return the report that `to_dict` turned into ``tree``."""
        results = tuple(
            BehaviourResult(**{**result, "examples": tuple(result["examples"])})
            for result in tree["results"]
        )
        return cls(**{**tree, "results": results})
