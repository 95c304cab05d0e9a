"""A power cut in each of the eight steps: the next run completes, and nothing is left over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.pipeline_process import QUICK, Finished, run, small_run
from tests.e2e.registry_state import read_state

pytestmark = pytest.mark.e2e

#: Where each step dies: in its library function, or right after it had its effect.
PLACES = [
    "steps.ingest_data:ingest",
    "expectations.validation:validate",
    "steps.split_data:split_dataset",
    "recommender.models.training:train_bundle:after",
    "steps.evaluate_model:evaluate",
    "steps.check_behaviour:check",
    "tracking.registration:log_training:after",
    "tracking.registry:read_version",
    "steps.promote_model:promote",
    "tracking.promotion:make_change:after",
]
#: Steps that would come from the cache, for their input is that of the run before.
CACHED = PLACES[:3]


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_run_is_completed_by_the_next(
    trained: tuple[Path, Finished], small_data: Path, place: str
) -> None:
    var, _ = trained
    number = PLACES.index(place)
    settings = ("--set", f"model.n_epochs={20 + number}")
    margins = ("--set", "gate.ndcg_margin=1.0", "--set", "gate.rmse_margin=1.0")
    arguments = ("--dataset", "small", "--data-path", str(small_data), *QUICK, *settings, *margins)
    fresh = ("--no-cache",) if place in CACHED else ()
    killed = run(var, place, *arguments, *fresh, module="tests.e2e.kill_in_step")
    assert killed.code == -9, killed.stderr
    again = small_run(var, small_data, *settings, *margins, "--json")
    assert again.code == 0, again.stderr
    state = read_state(var)
    assert state.aliases["production"] == again.json["version"]
    assert all(complete for _, complete, _ in state.versions)
    digests = [digest for _, _, digest in state.versions]
    assert len(digests) == len(set(digests))
    assert not state.mlflow_running
    assert not state.pending_models
    assert not state.zenml_unfinished
    assert not state.work
