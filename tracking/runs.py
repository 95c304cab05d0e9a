"""One MLflow run around a whole pipeline, closed whatever happens to the process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from recommender.errors import RegistryError
from recommender.settings import RegistrySettings
from tracking.connection import Store, connect, error_code, registry_errors, resolve_store
from tracking.processes import ProcessMark, this_process, this_user

#: Longest text of a run's tag that MLflow stores, in characters.
MAX_TAG = 8000
ERROR_TAG = "roulette.error"
INTERRUPTED_TAG = "roulette.interrupted"
#: MLflow's description of the experiment, and the kind whose pages its UI then shows.
EXPERIMENT_TAGS = {
    "mlflow.note.content": "Training runs of Movie Roulette: one for each run of the pipeline.",
    "mlflow.experimentKind": "custom_model_development",
}


@dataclass(frozen=True)
class Run:
    """A run that is open.

    Attributes:
        run_id: By which everything is logged to it.
        experiment_id: The experiment that holds it.
        artifact_uri: Where its artifacts are.
        url: Its page on the tracking server, or ``None`` for a store without a server.
    """

    run_id: str
    experiment_id: str
    artifact_uri: str
    url: str | None


@contextmanager
def open_run(
    settings: RegistrySettings, *, tags: Mapping[str, str], description: str
) -> Iterator[Run]:
    """Open a run for the body of a ``with`` statement, and close it with the body's outcome.

    It ends as FINISHED; as FAILED on an exception, whose text becomes the tag `ERROR_TAG`; as
    KILLED on Ctrl-C. A run whose process is killed outright stays RUNNING until
    `close_interrupted_runs`.

    Args:
        settings: Names the experiment, which is made if absent.
        tags: Tags of the run.
        description: What the run is for; MLflow shows it on top of the run's page.

    Yields:
        The open run.

    Raises:
        RegistryError: MLflow is out of reach, or the experiment belongs to another project.
    """
    store = resolve_store()
    client = connect(store)
    with registry_errors(store.shown):
        experiment = ensure_experiment(client, store, settings.experiment)
        marks = {
            "mlflow.user": this_user(),
            "mlflow.source.name": Path(sys.argv[0]).name,
            "mlflow.note.content": description,
            **this_process().to_tags(),
            **tags,
        }
        created = client.create_run(
            experiment.experiment_id, tags={key: text[:MAX_TAG] for key, text in marks.items()}
        )
    run = Run(
        run_id=created.info.run_id,
        experiment_id=experiment.experiment_id,
        artifact_uri=created.info.artifact_uri,
        url=_page(store, experiment.experiment_id, created.info.run_id),
    )
    try:
        yield run
    except BaseException as error:
        _end_badly(client, run.run_id, error)
        raise
    with registry_errors(f"run {run.run_id}"):
        client.set_terminated(run.run_id, status="FINISHED")


def close_interrupted_runs(settings: RegistrySettings) -> tuple[str, ...]:
    """End the runs whose process is dead on this host, and drop the models they left half-logged.

    Returns:
        The ids of the runs that were ended, as KILLED with a tag that says why.

    Raises:
        RegistryError: MLflow is out of reach.
    """
    store = resolve_store()
    client = connect(store)
    with registry_errors(store.shown):
        experiment = client.get_experiment_by_name(settings.experiment)
        if experiment is None:
            return ()
        dead = [
            (run.info.run_id, mark)
            for run in _running(client, experiment.experiment_id)
            if (mark := ProcessMark.from_tags(run.data.tags)) is not None and mark.is_dead()
        ]
        for run_id, mark in dead:
            _drop_unfinished_models(client, experiment.experiment_id, run_id)
            client.set_tag(run_id, INTERRUPTED_TAG, f"{mark} ended without closing this run")
            client.set_terminated(run_id, status="KILLED")
    return tuple(run_id for run_id, _ in dead)


def ensure_experiment(client: MlflowClient, store: Store, name: str) -> Any:
    """Return MLflow's experiment ``name``, made with its artifact location if absent.

    Raises:
        RegistryError: The experiment was deleted, or its artifacts belong to another project.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        root = store.artifact_root
        try:
            client.create_experiment(
                name, artifact_location=root.as_uri() if root else None, tags=EXPERIMENT_TAGS
            )
        except MlflowException as error:
            if error_code(error) != "RESOURCE_ALREADY_EXISTS":
                raise
        experiment = client.get_experiment_by_name(name)
    if experiment.lifecycle_stage != "active":
        raise RegistryError(
            "the experiment was deleted",
            place=f"experiment {name}",
            remedy=f"Restore it (mlflow experiments restore -x {experiment.experiment_id}) or "
            "name another with --set registry.experiment=NAME.",
        )
    store.check_location(experiment.artifact_location, place=f"experiment {name}")
    return experiment


def _end_badly(client: MlflowClient, run_id: str, error: BaseException) -> None:
    status = "FAILED" if isinstance(error, Exception) else "KILLED"
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    try:
        with registry_errors(f"run {run_id}"):
            client.set_tag(run_id, ERROR_TAG, text[:MAX_TAG])
            client.set_terminated(run_id, status=status)
    except RegistryError as unreachable:
        error.add_note(f"The run could not be closed: {unreachable}")


def _running(client: MlflowClient, experiment_id: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs(
            [experiment_id], filter_string="attributes.status = 'RUNNING'", page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def _drop_unfinished_models(client: MlflowClient, experiment_id: str, run_id: str) -> None:
    models = client.search_logged_models(
        [experiment_id], filter_string=f"source_run_id = '{run_id}'"
    )
    for model in models:
        if str(model.status) == "PENDING":
            client.delete_logged_model(model.model_id)


def _page(store: Store, experiment_id: str, run_id: str) -> str | None:
    if not store.uri.startswith(("http://", "https://")):
        return None
    return f"{store.shown.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
