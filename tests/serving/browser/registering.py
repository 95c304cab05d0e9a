"""Registers bundles as trainings would, and publishes: ``registering.py promote=A reject=B``."""

from __future__ import annotations

import sys
from pathlib import Path

import environment


def main(arguments: list[str]) -> None:
    """Make a version of each bundle in turn, which the gate promotes or rejects."""
    environment.apply()
    from recommender.bundle import open_bundle
    from recommender.evaluation.gate import GateDecision, GateReason
    from recommender.publication import PublishedFolder
    from recommender.settings import RegistrySettings
    from tracking.connection import resolve_store
    from tracking.model_log import log_bundle
    from tracking.placing import Retention
    from tracking.promotion import promote
    from tracking.publisher import Publisher
    from tracking.registry import Registry
    from tracking.runs import ensure_experiment

    registry = Registry(RegistrySettings())
    experiment = ensure_experiment(registry.client, resolve_store(), "movie-roulette")
    for argument in arguments:
        verdict, folder = argument.split("=", 1)
        run_id = registry.client.create_run(experiment.experiment_id).info.run_id
        registry.client.set_tag(run_id, "roulette.zenml_run", "training-2026-01-02-03-04-05")
        version = registry.register(run_id, log_bundle(run_id, open_bundle(Path(folder))))
        passed = verdict == "promote"
        detail = "0.1555, floor 0.0200" if passed else "0.0912, at least 0.1400"
        decision = GateDecision(passed, (GateReason("ndcg_at_10", passed, detail),))
        promote(registry, version.version, lambda _, made=decision: made, run_id=run_id)
    folder = PublishedFolder(environment.state_dir() / "published")
    Publisher(folder, lambda: registry, retention=Retention()).look()


if __name__ == "__main__":
    main(sys.argv[1:])
