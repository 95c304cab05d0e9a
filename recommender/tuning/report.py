"""What a tuning run found: its trials, the present configuration and the best one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from recommender.models.search_space import Values
from recommender.settings import Objective
from recommender.tuning.objective import is_better

TrialState = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class TrialRecord:
    """One configuration that was tried.

    Attributes:
        number: From 0, the present configuration.
        state: ``complete``, ``pruned`` (ended early since it did worse than most) or ``failed``.
        values: The hyper-parameters.
        cut_scores: The objective on each piece of the validation ratings that was reached.
        score: Mean of ``cut_scores``; ``None`` unless complete.
        seconds: How long it took.
        reason: Why it failed, else ``None``.
    """

    number: int
    state: TrialState
    values: Values
    cut_scores: tuple[float, ...]
    score: float | None
    seconds: float
    reason: str | None = None


#: Told of each trial as soon as it ended.
OnTrial = Callable[[TrialRecord], None]


@dataclass(frozen=True)
class TuningReport:
    """All trials of one study.

    Attributes:
        model: Name of the scorer.
        objective: What it was tuned for.
        dataset: Name of the data set.
        dataset_digest: SHA-256 of its source.
        simulated: Whether its ratings are simulated.
        split_method: How the ratings were parted.
        cuts: Pieces of the validation ratings.
        validation_ratings: Ratings in them.
        seed: Seed of the trials.
        study: File in which the study lives.
        resumed_after: Trials that an earlier run had done.
        trials: One a configuration, in order; the first is the present one.
        importance: Share of the objective's variance by hyper-parameter (functional ANOVA), or
            empty where there are too few complete trials to tell.
    """

    model: str
    objective: Objective
    dataset: str
    dataset_digest: str
    simulated: bool
    split_method: str
    cuts: int
    validation_ratings: int
    seed: int
    study: str
    resumed_after: int
    trials: tuple[TrialRecord, ...]
    importance: dict[str, float]

    @property
    def present(self) -> TrialRecord:
        """The trial of the present configuration."""
        return self.trials[0]

    @property
    def best(self) -> TrialRecord:
        """The best complete trial; of equal ones the earliest.

        Raises:
            ValueError: No trial is complete; `tune` does not return such a report.
        """
        best: TrialRecord | None = None
        for trial in self.trials:
            if trial.score is not None and (
                best is None
                or best.score is None
                or is_better(self.objective, trial.score, best.score)
            ):
                best = trial
        if best is None:
            raise ValueError("no trial is complete")
        return best

    @property
    def improved(self) -> bool:
        """Whether the best trial is strictly better than the present configuration."""
        return self.best.number != self.present.number

    @property
    def changes(self) -> Values:
        """The values of the best trial that differ from the present ones."""
        present = self.present.values
        return {name: value for name, value in self.best.values.items() if value != present[name]}

    @property
    def seconds(self) -> float:
        """What all trials took together, those of earlier runs included."""
        return sum(trial.seconds for trial in self.trials)

    @property
    def summary(self) -> str:
        """How many trials there were, and how they ended."""
        states = [trial.state for trial in self.trials]
        counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
        before = f" ({self.resumed_after} by an earlier run)" if self.resumed_after else ""
        return f"{len(states)} trials{before}: {counts}"

    @property
    def verdict(self) -> str:
        """What came of it, as a sentence."""
        best, present = self.best, self.present
        if not self.improved:
            return f"No trial is better than the present configuration ({_text(present.score)})."
        before = "which failed" if present.score is None else f"({_text(present.score)})"
        values = ", ".join(f"{name}={value}" for name, value in self.changes.items())
        return (
            f"Trial {best.number} is better ({self.objective} {_text(best.score)}) than the "
            f"present configuration {before}: {values}."
        )

    @property
    def protocol(self) -> tuple[str, ...]:
        """How the figures came about, in full sentences."""
        return (
            f"{self.summary}; {self.seconds:.0f} s in all.",
            f"Each trial is measured on {self.cuts} successive pieces of the "
            f"{self.validation_ratings:,} validation ratings, fitted for each on the training "
            "ratings and the pieces before it; its score is the mean. A trial that does worse "
            "than the median of those before it is pruned after a piece.",
            "Test ratings are not looked at. The best of many trials is flattered by chance: what "
            "it is worth, the training and comparison pipelines measure on test ratings.",
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What went wrong, in full sentences."""
        return tuple(
            f"Trial {trial.number} failed: {trial.reason}" for trial in self.trials if trial.reason
        )

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of `rows`."""
        return ("trial", "outcome", self.objective, "seconds", *self.present.values)

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """One row of texts a trial."""
        return tuple(_row(trial) for trial in self.trials)

    @property
    def headlines(self) -> dict[str, Any]:
        """What came of it, as nested plain values."""
        return {
            "model": self.model,
            "objective": self.objective,
            "trials": len(self.trials),
            "resumed_after": self.resumed_after,
            "states": [trial.state for trial in self.trials],
            "present": {"score": self.present.score, "values": self.present.values},
            "best": {
                "number": self.best.number,
                "score": self.best.score,
                "values": self.best.values,
            },
            "improved": self.improved,
            "changes": self.changes,
            "importance": self.importance,
        }

    @property
    def choices(self) -> dict[str, str]:
        """What was tuned and what is best, as texts by dotted key."""
        return {
            "dataset": self.dataset,
            "split_method": self.split_method,
            "seed": str(self.seed),
            "tuning.model": self.model,
            "tuning.objective": self.objective,
            "tuning.cuts": str(self.cuts),
            "tuning.study": self.study,
            **{f"best.{name}": str(value) for name, value in self.best.values.items()},
        }

    @property
    def scores(self) -> dict[str, float]:
        """The best and the present objective, the number of trials, and each importance."""
        scores = {"trials": float(len(self.trials))}
        for name, trial in (("best", self.best), ("present", self.present)):
            if trial.score is not None:
                scores[f"{name}/{self.objective}"] = trial.score
        return scores | {f"importance/{name}": item for name, item in self.importance.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> TuningReport:
        """Return the report that `to_dict` turned into ``tree``."""
        trials = tuple(
            TrialRecord(**{**item, "cut_scores": tuple(item["cut_scores"])})
            for item in tree["trials"]
        )
        return cls(**{**tree, "trials": trials})


def _row(trial: TrialRecord) -> tuple[str, ...]:
    values = [f"{value:g}" for value in trial.values.values()]
    return (str(trial.number), trial.state, _text(trial.score), f"{trial.seconds:.1f}", *values)


def _text(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"
