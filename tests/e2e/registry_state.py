"""What a state folder's registry and ZenML store say, read by a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import environment
from tests.e2e.pipeline_process import run


@dataclass(frozen=True)
class RegistryState:
    """What stands in the stores of a state folder."""

    aliases: dict[str, str]
    versions: list[tuple[str, bool, str]]
    mlflow_running: list[str]
    pending_models: list[str]
    zenml_unfinished: list[str]
    run_statuses: dict[str, str]
    work: list[str]


def read_state(var: Path) -> RegistryState:
    done = run(var, module="tests.e2e.registry_state")
    assert done.code == 0, done.stderr
    tree = done.json
    return RegistryState(**{**tree, "versions": [tuple(row) for row in tree["versions"]]})


def main(arguments: Sequence[str]) -> int:
    from zenml.client import Client

    from recommender.settings import RegistrySettings
    from tracking.registry import Registry

    assert not arguments
    registry = Registry(RegistrySettings())
    client = registry.client
    experiment = client.get_experiment_by_name("movie-roulette")
    runs = client.search_runs([experiment.experiment_id]) if experiment else []
    models = client.search_logged_models([experiment.experiment_id]) if experiment else []
    zen = Client().list_pipeline_runs(size=200).items
    found = {
        "aliases": registry.aliases(),
        "versions": [[v.version, v.complete, v.digest] for v in registry.versions()],
        "mlflow_running": [r.info.run_id for r in runs if r.info.status == "RUNNING"],
        "pending_models": [m.model_id for m in models if str(m.status).endswith("PENDING")],
        "zenml_unfinished": [r.name for r in zen if not r.status.is_finished],
        "run_statuses": {r.info.run_id: r.info.status for r in runs},
        "work": [p.name for p in (environment.state_dir() / "work").glob("*")],
    }
    sys.stdout.write(json.dumps(found))
    return 0
