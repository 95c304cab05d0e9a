"""The record of one comparison, as the pipeline stores it and the table shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from recommender.evaluation.bootstrap import PairedDifference
from recommender.evaluation.report import EvaluationReport
from recommender.models.search_space import Values
from recommender.settings import Objective

#: Metrics that a reader compares.
HEADLINES = ("rmse", "mae", "ndcg_at_10", "precision_at_10", "recall_at_10", "coverage")

#: What the columns of costs are, in full sentences.
_COLUMNS = (
    "fit s: seconds of one fit of the configuration chosen. budget s: seconds to fit and measure "
    "all that were tried.",
    "peak MB: memory that the fit took beyond what the process held before; memory that was free "
    "within the process is not seen. list ms: median time to make one list of ten movies.",
)


@dataclass(frozen=True, eq=False)
class ComparedModel:
    """One model, chosen on the validation ratings and measured once on the test ratings.

    Attributes:
        name: Name of the scorer.
        objective: By what its configuration was chosen.
        values: The hyper-parameters chosen, of those that were tried; empty where there is
            nothing to tune.
        tried: Configurations tried, the configured one included.
        failed: How many of them failed.
        configured_score: The objective of the configured one on validation; ``None`` where only
            one configuration was tried, or it failed.
        chosen_score: The objective of the chosen one; ``None`` where only one was tried.
        fit_seconds: Time to fit the chosen configuration.
        budget_seconds: Time to fit and measure all configurations.
        peak_mb: See `resources.FitCost`.
        list_milliseconds: Median time to make one list of ten.
        report: Metrics on the test ratings.
        against_reference: By metric, this model minus the reference; empty for the reference.
    """

    name: str
    objective: Objective
    values: Values
    tried: int
    failed: int
    configured_score: float | None
    chosen_score: float | None
    fit_seconds: float
    budget_seconds: float
    peak_mb: float | None
    list_milliseconds: float
    report: EvaluationReport
    against_reference: dict[str, PairedDifference]

    @property
    def headlines(self) -> dict[str, Any]:
        """What the table shows, and the differences to the reference, as nested plain values."""
        return {
            **{key: self.report.metrics[key] for key in HEADLINES},
            "intervals": {
                key: list(pair) for key, pair in self.report.intervals.items() if key in HEADLINES
            },
            "objective": self.objective,
            "values": self.values,
            "tried": self.tried,
            "peak_mb": self.peak_mb,
            **self.costs,
        }

    @property
    def costs(self) -> dict[str, float]:
        """Seconds, memory where it is known, and the differences to the reference."""
        costs = {
            "fit_seconds": self.fit_seconds,
            "budget_seconds": self.budget_seconds,
            "list_milliseconds": self.list_milliseconds,
        }
        if self.peak_mb is not None:
            costs["peak_mb"] = self.peak_mb
        for key, item in self.against_reference.items():
            costs |= {
                f"{key}_difference": item.estimate,
                f"{key}_difference_low": item.low,
                f"{key}_difference_high": item.high,
            }
        return costs

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> ComparedModel:
        """Return the model of plain values."""
        differences = {
            key: PairedDifference(**item) for key, item in tree["against_reference"].items()
        }
        report = EvaluationReport.from_dict(tree["report"])
        return cls(**{**tree, "report": report, "against_reference": differences})

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain values that JSON can hold."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        differences = {key: asdict(item) for key, item in self.against_reference.items()}
        return {**plain, "report": self.report.to_dict(), "against_reference": differences}


@dataclass(frozen=True, eq=False)
class Comparison:
    """All models on one split.

    Attributes:
        dataset: Name of the data set.
        dataset_digest: SHA-256 of its source.
        simulated: Whether its ratings are simulated.
        split_method: How the ratings were parted.
        sizes: Ratings of the ``training``, ``validation`` and ``test`` parts.
        seed: Seed of the draws, the models and the resamples.
        trials: Configurations drawn for each model besides the configured one.
        reference: The model to which differences are stated.
        models: One a model, in the order of the table of scorers.
        failures: Models of which no configuration could be fitted, with the reason.
    """

    dataset: str
    dataset_digest: str
    simulated: bool
    split_method: str
    sizes: dict[str, int]
    seed: int
    trials: int
    reference: str
    models: tuple[ComparedModel, ...]
    failures: dict[str, str]

    @property
    def protocol(self) -> tuple[str, ...]:
        """How the figures came about, in full sentences."""
        sizes = self.sizes
        return (
            f"All models learn from the same {sizes['training']:,} training ratings "
            f"({self.split_method} split).",
            *self._budget,
            f"The configuration chosen is measured once on the {sizes['test']:,} test ratings. It "
            f"is not fitted again on the {sizes['validation']:,} validation ratings, nor is the "
            "model that the training pipeline registers.",
            *self._uncertainty,
            *_COLUMNS,
        )

    @property
    def _budget(self) -> tuple[str, ...]:
        """What was spent on each model, in full sentences."""
        seconds = sum(model.budget_seconds for model in self.models)
        if not self.trials:
            return (f"Each model is as configured in params.yaml ({seconds:.0f} s in all).",)
        return (
            f"Budget of each model: {self.trials + 1} configurations, that of params.yaml and "
            f"{self.trials} drawn at random from its search space. The best by the model's own "
            "objective on the validation ratings is chosen.",
            f"The budget is equal in configurations, not in seconds ({seconds:.0f} s in all); a "
            "model with nothing to tune is tried once.",
        )

    @property
    def _uncertainty(self) -> tuple[str, ...]:
        if not self.models:
            return ()
        report = self.models[0].report
        level, samples = report.settings.confidence, report.settings.bootstrap_samples
        return (
            f"Intervals are at {level:.0%} from {samples:,} resamples of users; differences are "
            "over the same users in the same resamples.",
            *report.notes,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong, in full sentences."""
        notes = [f"{name} failed: {reason}" for name, reason in self.failures.items()]
        notes += [
            f"{model.failed} of {model.tried} configurations of {model.name} failed."
            for model in self.models
            if model.failed
        ]
        return tuple(notes)

    @property
    def verdict(self) -> str:
        """Which models are best, as a sentence."""
        error = min(self.models, key=lambda model: model.report.metrics["rmse"])
        rank = max(self.models, key=lambda model: model.report.metrics["ndcg_at_10"])
        return (
            f"Lowest RMSE: {error.name} ({error.report.metrics['rmse']:.4f}). "
            f"Highest NDCG@10: {rank.name} ({rank.report.metrics['ndcg_at_10']:.4f})."
        )

    @property
    def headlines(self) -> dict[str, Any]:
        """The metrics, intervals and costs of each model, as nested plain values."""
        return {model.name: model.headlines for model in self.models}

    @property
    def choices(self) -> dict[str, str]:
        """What was compared and chosen, as texts by dotted key."""
        asked = {
            "dataset": self.dataset,
            "split_method": self.split_method,
            "seed": str(self.seed),
            "comparison.trials": str(self.trials),
            "comparison.reference": self.reference,
        }
        chosen = {
            f"{model.name}.{key}": str(value)
            for model in self.models
            for key, value in model.values.items()
        }
        return {**asked, **chosen}

    @property
    def costs(self) -> dict[str, float]:
        """What each model costs, and how far it is from the reference, by slashed key."""
        return {
            f"{model.name}/{key}": value
            for model in self.models
            for key, value in model.costs.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values that JSON can hold."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**plain, "models": [model.to_dict() for model in self.models]}

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> Comparison:
        """Return the comparison that `to_dict` turned into ``tree``."""
        models = tuple(ComparedModel.from_dict(item) for item in tree["models"])
        return cls(**{**tree, "models": models})
