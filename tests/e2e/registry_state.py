"""What a state folder's registry and ZenML store say, read by a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.pipeline_process import REPO, process_environment

_SCRIPT = """
import json, sys
import environment
environment.apply()
from recommender.settings import RegistrySettings
from tracking.registry import Registry
from zenml.client import Client
registry = Registry(RegistrySettings())
client = registry.client
experiment = client.get_experiment_by_name("movie-roulette")
runs = client.search_runs([experiment.experiment_id]) if experiment else []
models = client.search_logged_models([experiment.experiment_id]) if experiment else []
zen = Client().list_pipeline_runs(size=200).items
print("STATE" + json.dumps({
    "aliases": registry.aliases(),
    "versions": [[v.version, v.complete, v.digest] for v in registry.versions()],
    "mlflow_running": [r.info.run_id for r in runs if r.info.status == "RUNNING"],
    "pending_models": [m.model_id for m in models if str(m.status).endswith("PENDING")],
    "zenml_unfinished": [r.name for r in zen if not r.status.is_finished],
    "run_statuses": {r.info.run_id: r.info.status for r in runs},
    "work": [p.name for p in (environment.state_dir() / "work").glob("*")],
}))
"""


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
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=REPO,
        env=process_environment(var),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("STATE"))
    tree = json.loads(line.removeprefix("STATE"))
    return RegistryState(**{**tree, "versions": [tuple(row) for row in tree["versions"]]})
