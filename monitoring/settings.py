"""Settings of profiling and of the decision to retrain."""

from __future__ import annotations

from dataclasses import dataclass, field

from recommender.errors import UsageError
from recommender.reference import column
from recommender.settings import RunConfig

#: By default: what users do and what the model answers, without what only a server knows.
_WATCHED = (
    *("rating", "rated_genre", "rated_year", "rated_popularity"),
    *("watched_genre", "watched_year", "predicted_rating", "user_activity"),
)


@dataclass(frozen=True)
class ProfilingSettings:
    """How live traffic is profiled; part of the server's settings.

    Attributes:
        enabled: Whether it is.
        folder: Where the profiles go; ``None`` for the state folder's.
        period_seconds: Length of the periods by which profiles are kept; an hour, or less for a
            trial.
        keep_periods: How many periods are kept. They are counted, not dated, so that a clock that
            jumps removes nothing.
        max_waiting: Rows that wait in a worker's memory; more are dropped and counted.
        lists_per_second: Lists of a worker that are profiled in each second, drawn by chance from
            those of that second; the others are counted.
        events_per_second: The same of events.
        piece_seconds: After how long a worker hands over what it has written.
        max_pieces: Pieces of a worker that wait on disk while nobody profiles; beyond them rows
            are dropped and counted.
    """

    enabled: bool = True
    folder: str | None = None
    period_seconds: int = 3600
    keep_periods: int = 720
    max_waiting: int = 20_000
    lists_per_second: int = 50
    events_per_second: int = 500
    piece_seconds: float = 10.0
    max_pieces: int = 500

    def __post_init__(self) -> None:
        for name in ("period_seconds", "keep_periods", "max_waiting", "piece_seconds"):
            if getattr(self, name) <= 0:
                place = f"profiling.{name}"
                raise UsageError("must be above 0", place=place, value=getattr(self, name))


@dataclass(frozen=True)
class DecisionSettings:
    """When a model is trained again.

    Attributes:
        watched: Columns whose drift is a cause.
        enter_psi: Population stability index from which a window of a column counts as drifted.
        leave_psi: Below it the column may be a cause again.
        consecutive: Windows in a row that must be beyond a threshold.
        min_samples: Values below which a window of a column, or of a metric, says nothing.
        sigmas: How many standard deviations performance may be worse than its reference.
        leave_sigmas: Below it performance may be a cause again.
        baseline_windows: First windows of a model in production that make the reference of its
            performance.
        longest_gap_hours: A longer time without a window begins every count anew.
        cooldown_hours: Between two retrainings that nobody asked for.
        min_new_ratings: Share of new ratings, of those that production was trained on, from which
            a retraining makes sense.
        max_age_hours: Time since the last training after which it makes sense with fewer.
        schedule_hours: Time since the last training after which a model is trained without any
            other cause, or ``None``.
        max_unusable: Share of new ratings that training would have to leave out (unknown movie,
            off the scale, impossible time) above which the data is at fault.
        max_one_user: Share of new ratings by one user above which the data is at fault.
        min_checked: New ratings below which neither share is judged.
        attempts: How often a retraining that was killed is started, in all.
    """

    watched: tuple[str, ...] = _WATCHED
    enter_psi: float = 0.2
    leave_psi: float = 0.1
    consecutive: int = 3
    min_samples: int = 500
    sigmas: float = 3.0
    leave_sigmas: float = 1.5
    baseline_windows: int = 24
    longest_gap_hours: float = 24.0
    cooldown_hours: float = 6.0
    min_new_ratings: float = 0.05
    max_age_hours: float = 24.0
    schedule_hours: float | None = None
    max_unusable: float = 0.05
    max_one_user: float = 0.2
    min_checked: int = 200
    attempts: int = 2

    def __post_init__(self) -> None:
        for name in self.watched:
            column(name)
        if not 0.0 <= self.leave_psi <= self.enter_psi:
            raise UsageError(
                "must lie between 0 and decision.enter_psi",
                place="decision.leave_psi",
                value=self.leave_psi,
            )
        if self.consecutive < 1:
            raise UsageError("must be at least 1", place="decision.consecutive")


@dataclass(frozen=True)
class DriftSettings:
    """What is measured in each run.

    Attributes:
        windows: Latest windows in the report.
        grace_seconds: How long after its end a window may still get rows.
        probe_users: Fixed users whose lists show how a model differs from the one before.
        list_length: Length of those lists.
        label_delay_hours: How long the labels of a served list are waited for.
        max_lists: Most served lists of a window that are read for performance and coverage.
    """

    windows: int = 24
    grace_seconds: float = 60.0
    probe_users: int = 200
    list_length: int = 20
    label_delay_hours: float = 1.0
    max_lists: int = 5_000


@dataclass(frozen=True)
class MonitoringConfig(RunConfig):
    """Run settings of the monitoring pipeline, as in ``configs/monitoring.yaml``.

    Attributes:
        params: YAML hyper-parameters of a retraining, or ``None`` for ``params.yaml``.
        drift: What is measured.
        decision: When a model is trained again.
    """

    params: str | None = None
    drift: DriftSettings = field(default_factory=DriftSettings)
    decision: DecisionSettings = field(default_factory=DecisionSettings)
