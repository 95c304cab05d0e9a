from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from recommender.errors import RegistryError
from recommender.settings import RegistrySettings
from tracking.connection import connect
from tracking.runs import ERROR_TAG, open_run
from tracking.trials import PARENT_TAG, STATE_TAG, trial_logger


@dataclass(frozen=True)
class Trial:
    number: int = 3
    state: str = "complete"
    values: dict[str, int | float] = field(default_factory=lambda: {"n_factors": 5, "rate": 0.01})
    cut_scores: tuple[float, ...] = (0.5, 0.7)
    score: float | None = 0.6
    seconds: float = 2.0
    reason: str | None = None


def test_each_trial_is_a_run_below_the_pipelines_own(
    local: Path, settings: RegistrySettings
) -> None:
    with open_run(settings, tags={}, description="") as parent:
        log = trial_logger(parent.run_id)
        log(Trial())
        log(Trial(4, "pruned", cut_scores=(0.4,), score=None))
        log(Trial(5, "failed", cut_scores=(), score=None, reason="not finite"))
    client = connect()
    where = f"tags.`{PARENT_TAG}` = '{parent.run_id}'"
    found = client.search_runs([parent.experiment_id], filter_string=where)
    runs = {run.info.run_name: run for run in found}
    assert set(runs) == {"trial 3", "trial 4", "trial 5"}
    complete, pruned, failed = (runs[f"trial {number}"] for number in (3, 4, 5))
    assert complete.data.params == {"n_factors": "5", "rate": "0.01"}
    assert complete.data.metrics == {"objective": 0.6, "objective_by_cut": 0.7, "seconds": 2.0}
    history = client.get_metric_history(complete.info.run_id, "objective_by_cut")
    assert [(item.step, item.value) for item in history] == [(0, 0.5), (1, 0.7)]
    assert complete.info.end_time - complete.info.start_time == 2000
    assert complete.info.status == pruned.info.status == "FINISHED"
    assert pruned.data.tags[STATE_TAG] == "pruned"
    assert "objective" not in pruned.data.metrics
    assert failed.info.status == "FAILED"
    assert failed.data.tags[ERROR_TAG] == "not finite"


def test_a_parent_that_is_not_there_is_a_registry_error(local: Path) -> None:
    with pytest.raises(RegistryError, match="trial 3 of run absent"):
        trial_logger("absent")(Trial())
