"""Each trial of a tuning run as an MLflow run of its own, nested below the run of the pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from mlflow import MlflowClient
from mlflow.entities import Metric

from tracking.connection import connect, registry_errors
from tracking.processes import this_process, this_user
from tracking.runs import ERROR_TAG, MAX_TAG
from tracking.training_log import log_params

STATE_TAG = "roulette.trial_state"
PARENT_TAG = "mlflow.parentRunId"
#: Metric of a trial; the parameters of the parent say what is measured.
OBJECTIVE = "objective"


class Trial(Protocol):
    """One configuration that was tried; `recommender.tuning.report.TrialRecord` is one."""

    @property
    def number(self) -> int:
        """Its place in the study."""
        ...

    @property
    def state(self) -> str:
        """``complete``, ``pruned`` or ``failed``."""
        ...

    @property
    def values(self) -> Mapping[str, int | float]:
        """The hyper-parameters."""
        ...

    @property
    def cut_scores(self) -> Sequence[float]:
        """The objective on each piece that was reached."""
        ...

    @property
    def score(self) -> float | None:
        """The objective, unless it was pruned or failed."""
        ...

    @property
    def seconds(self) -> float:
        """How long it took."""
        ...

    @property
    def reason(self) -> str | None:
        """Why it failed."""
        ...


def trial_logger(parent_run_id: str) -> Callable[[Trial], None]:
    """Return a callback that logs a trial which has just ended as a run below ``parent_run_id``.

    The run is made whole when the trial has ended, so that a killed process leaves none open.
    """

    def log(trial: Trial) -> None:
        log_trial(parent_run_id, trial)

    return log


def log_trial(parent_run_id: str, trial: Trial) -> str:
    """Log one trial and return the id of its run.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    client = connect()
    end = int(time.time() * 1000)
    tags = {
        PARENT_TAG: parent_run_id,
        "mlflow.runName": f"trial {trial.number}",
        "mlflow.user": this_user(),
        STATE_TAG: trial.state,
        **this_process().to_tags(),
    }
    if trial.reason is not None:
        tags[ERROR_TAG] = trial.reason[:MAX_TAG]
    with registry_errors(f"trial {trial.number} of run {parent_run_id}"):
        experiment = client.get_run(parent_run_id).info.experiment_id
        start = end - int(trial.seconds * 1000)
        run_id = str(client.create_run(experiment, start_time=start, tags=tags).info.run_id)
        log_params(client, run_id, {name: str(value) for name, value in trial.values.items()})
        _log_scores(client, run_id, trial, end)
        status = "FAILED" if trial.state == "failed" else "FINISHED"
        client.set_terminated(run_id, status=status, end_time=end)
    return run_id


def _log_scores(client: MlflowClient, run_id: str, trial: Trial, now: int) -> None:
    metrics = [
        Metric(f"{OBJECTIVE}_by_cut", score, timestamp=now, step=step)
        for step, score in enumerate(trial.cut_scores)
    ]
    metrics.append(Metric("seconds", trial.seconds, timestamp=now, step=0))
    if trial.score is not None:
        metrics.append(Metric(OBJECTIVE, trial.score, timestamp=now, step=0))
    client.log_batch(run_id, metrics=metrics)
