"""Logs a training run and makes a version of its bundle, or finds the version that it has."""

from __future__ import annotations

from recommender.bundle import Bundle
from tracking.registry import Registry
from tracking.training_log import TrainingRecord, log_record, log_training
from tracking.versions import Version


def register_training(
    registry: Registry, run_id: str, bundle: Bundle, record: TrainingRecord
) -> Version:
    """Log a run and return the version of its bundle.

    A bundle that has a complete version already is not stored a second time.

    Args:
        registry: The registry.
        run_id: An open run.
        bundle: What was trained.
        record: Everything else that the run has to say.

    Raises:
        BundleError: The bundle that was read back is not whole.
        RegistryError: MLflow is out of reach, or another pipeline holds the lock for too long.
    """
    known = registry.find(bundle.digest)
    if known is None:
        return registry.register(run_id, log_training(run_id, bundle, record))
    log_record(run_id, bundle, record)
    return registry.nominate(known)
