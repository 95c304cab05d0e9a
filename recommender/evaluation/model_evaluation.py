"""One model and each of its parts, measured on the same split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.lists import Progress
from recommender.evaluation.report import EvaluationReport
from recommender.schema import Split
from recommender.scorer import Recommends
from recommender.settings import EvaluationSettings


class Composed(Recommends, Protocol):
    """A recommender made of named parts, each of which can be measured alone."""

    @property
    def part_names(self) -> Sequence[str]:
        """The names of the parts."""
        ...

    def part(self, name: str) -> Recommends:
        """Return one part as a recommender of its own."""
        ...


@dataclass(frozen=True, eq=False)
class ModelEvaluation:
    """How good a model is, beside its own parts.

    Attributes:
        test: The whole model on the test ratings; the gate reads it.
        validation: The whole model on the validation ratings.
        parts: Each part on the test ratings, by name.
    """

    test: EvaluationReport
    validation: EvaluationReport
    parts: dict[str, EvaluationReport]

    @property
    def compared(self) -> list[EvaluationReport]:
        """The whole model and its parts on the test ratings, the whole model first."""
        return [self.test, *self.parts.values()]

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as plain values that JSON can hold without loss."""
        return {
            "test": self.test.to_dict(),
            "validation": self.validation.to_dict(),
            "parts": {name: report.to_dict() for name, report in self.parts.items()},
        }

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> ModelEvaluation:
        """Return the evaluation that `to_dict` turned into ``tree``."""
        return cls(
            test=EvaluationReport.from_dict(tree["test"]),
            validation=EvaluationReport.from_dict(tree["validation"]),
            parts={name: EvaluationReport.from_dict(item) for name, item in tree["parts"].items()},
        )


def evaluate_model(
    model: Composed,
    split: Split,
    settings: EvaluationSettings,
    seed: int,
    progress: Progress | None = None,
) -> ModelEvaluation:
    """Measure ``model`` on test and validation, and each of its parts on the test.

    Args:
        model: Fitted on ``split.train`` alone.
        split: Where the ratings come from.
        settings: How much is measured.
        seed: Seed of samples and resamples.
        progress: Told of each evaluation done.

    Raises:
        UsageError: A setting is out of range.
        DataError: A part of the split is empty or holds no relevant rating.
    """
    names = [name for name in model.part_names if name != model.name]
    total = len(names) + 2
    parts = {}
    for done, name in enumerate(names):
        if progress is not None:
            progress(done, total)
        parts[name] = evaluate(model.part(name), split, settings, seed)
    validation = evaluate(model, split, settings, seed, part="validation")
    test = evaluate(model, split, settings, seed)
    if progress is not None:
        progress(total, total)
    return ModelEvaluation(test=test, validation=validation, parts=parts)
