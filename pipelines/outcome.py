"""What a pipeline run came to, as plain records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from recommender.evaluation.gate import GateReason

DONE = 0
BEHAVIOUR_FAILED = 4


class Outcome(Protocol):
    """What every pipeline comes to."""

    @property
    def exit_code(self) -> int:
        """The status with which the command line ends."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON."""
        ...


@dataclass(frozen=True)
class StepOutcome:
    """How one step went.

    Attributes:
        name: Name of the step.
        cached: Whether its result was taken from the cache.
        seconds: How long it ran.
    """

    name: str
    cached: bool
    seconds: float


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training run came to.

    Attributes:
        dataset: Name of the data set.
        dataset_digest: SHA-256 of its source.
        simulated: Whether its ratings are simulated.
        bundle_digest: SHA-256 that names the model.
        version: Version in the registry.
        production: Version that is production now, or ``None``.
        promoted: Whether this run made its version production.
        message: What became of the version, as a sentence.
        behaviour_passed: Whether the model passed its behavioural tests.
        reasons: The gate's reasons.
        main_model: Name of the model that is served, a key of ``models``.
        models: Test metrics by model: the trained one, its parts, and the production model
            that it was compared with.
        notes: What a reader must know, in full sentences.
        steps: How each step went.
        zenml_run: Name of the ZenML run.
        mlflow_run: Id of the MLflow run.
        places: Labels and paths or commands: where to look.
    """

    dataset: str
    dataset_digest: str
    simulated: bool
    bundle_digest: str
    version: str
    production: str | None
    promoted: bool
    message: str
    behaviour_passed: bool
    reasons: tuple[GateReason, ...]
    main_model: str
    models: dict[str, dict[str, float]]
    notes: tuple[str, ...]
    steps: tuple[StepOutcome, ...]
    zenml_run: str
    mlflow_run: str
    places: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """The status with which the command line ends."""
        return DONE if self.behaviour_passed else BEHAVIOUR_FAILED

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON."""
        return {**asdict(self), "places": dict(self.places), "exit_code": self.exit_code}


@dataclass(frozen=True)
class ShownTable:
    """A table for people.

    Attributes:
        headings: Headings of the columns; the first names the rows.
        rows: Rows of texts.
        marked: Number of the row that stands out, or ``None``.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    marked: int | None = None


@dataclass(frozen=True)
class ReportedOutcome:
    """What a run came to whose result is a report: a comparison, or a tuning.

    Attributes:
        title: What was done, as a heading.
        dataset: Name of the data set.
        dataset_digest: SHA-256 of its source.
        simulated: Whether its ratings are simulated.
        result: The report's headline figures as plain values.
        tables: The report's tables for people.
        message: What came of it, as a sentence.
        protocol: How the figures came about, in full sentences.
        notes: What a reader must know, in full sentences.
        steps: How each step went.
        zenml_run: Name of the ZenML run.
        mlflow_run: Id of the MLflow run.
        places: Labels and paths or commands: where to look.
    """

    title: str
    dataset: str
    dataset_digest: str
    simulated: bool
    result: dict[str, Any]
    tables: tuple[ShownTable, ...]
    message: str
    protocol: tuple[str, ...]
    notes: tuple[str, ...]
    steps: tuple[StepOutcome, ...]
    zenml_run: str
    mlflow_run: str
    places: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """The status with which the command line ends."""
        return DONE

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON; the tables are in ``result``."""
        tree = asdict(self)
        del tree["tables"]
        return {**tree, "places": dict(self.places), "exit_code": self.exit_code}


@dataclass(frozen=True)
class MonitoringOutcome:
    """What a round of monitoring came to.

    Attributes:
        version: Version that is served.
        windows: How many windows were measured.
        verdict: What the latest one shows, as a sentence.
        retrain: Whether a retraining was decided.
        causes: What asked for one.
        held_back: The rules that did not let it through.
        reasons: Of each rule its name, whether it passed, and the numbers.
        message: What was decided, as a sentence.
        notes: What a reader must know, in full sentences.
        steps: How each step went.
        zenml_run: Name of the ZenML run.
        mlflow_run: Id of the MLflow run.
        places: Labels and paths or commands: where to look.
    """

    version: str
    windows: int
    verdict: str
    retrain: bool
    causes: tuple[str, ...]
    held_back: tuple[str, ...]
    reasons: tuple[tuple[str, bool, str], ...]
    message: str
    notes: tuple[str, ...]
    steps: tuple[StepOutcome, ...]
    zenml_run: str
    mlflow_run: str
    places: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """The status with which the command line ends."""
        return DONE

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON."""
        return {**asdict(self), "places": dict(self.places), "exit_code": self.exit_code}


@dataclass(frozen=True)
class WatchOutcome:
    """What a loop of rounds came to, once it was told to stop.

    Attributes:
        rounds: How many rounds ended.
        failed: How many of them failed.
    """

    rounds: int
    failed: int

    @property
    def exit_code(self) -> int:
        """The status with which the command line ends."""
        return DONE

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class RollbackOutcome:
    """What a rollback came to.

    Attributes:
        production: Version that is served now.
        previous: Version that was served before, or ``None``.
        message: The outcome as a sentence.
    """

    production: str | None
    previous: str | None
    message: str

    @property
    def exit_code(self) -> int:
        """The status with which the command line ends."""
        return DONE

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values for JSON."""
        return asdict(self)
