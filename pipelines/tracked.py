"""What surrounds the run of every pipeline: recovery before it, one MLflow run, its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from zenml.client import Client
from zenml.exceptions import RunInterruptedException
from zenml.models import PipelineRunResponse

import environment
from events.address import events_url
from events.store import EventStore
from events.training_data import read_site_data
from events.versions import read_version, require_same
from pipelines.alerts import alert_file
from pipelines.integrations import leave_integrations_out
from pipelines.interrupted import close_interrupted, work_folder
from pipelines.plan import Plan
from pipelines.results import keep_failed_reports
from recommender.data.ingest import DataRequest, EventsRequest, content_version, is_versioned
from recommender.errors import RouletteError
from recommender.settings import EvaluationSettings, RegistrySettings
from steps.ingest_data import data_home
from tracking.lineage import code_digest
from tracking.registry import Registry
from tracking.runs import Run, close_interrupted_runs, open_run


@dataclass(frozen=True)
class TrackedRun:
    """A pipeline run that is under way.

    Attributes:
        plan: What was asked for.
        name: Name of the ZenML run.
        run_id: The MLflow run.
        request: Which data.
        content: What changes with the content of the data, without what came from the site.
        notes: What was noticed before it began, in full sentences.
    """

    plan: Plan
    name: str
    run_id: str
    request: DataRequest
    content: str
    notes: tuple[str, ...]

    @property
    def arguments(self) -> dict[str, Any]:
        """What every pipeline is called with."""
        return {
            "request": asdict(self.request),
            "content": self.content,
            "data_version": self.content if is_versioned(self.request) else None,
            "sources": code_digest(),
            "params": asdict(self.plan.params),
            "evaluation": evaluation_fields(self.plan.config.evaluation),
            "run_id": self.run_id,
        }

    def run(self, pipeline: Any, **arguments: Any) -> PipelineRunResponse:
        """Run a ZenML pipeline with `arguments` and others, and return the finished run."""
        leave_integrations_out()
        cache = None if self.plan.config.enable_cache else False
        arranged = pipeline.with_options(run_name=self.name, enable_cache=cache)
        finished = arranged(**self.arguments, **arguments)
        return Client().get_pipeline_run(finished.id)


@contextmanager
def tracked_run(plan: Plan, *, about: str) -> Iterator[TrackedRun]:
    """Recover what killed runs left, then open an MLflow run for the body of a ``with`` statement.

    Args:
        plan: What was asked for.
        about: What the run does, for its description: ``Training``.

    Raises:
        RouletteError: The body failed; the reports that it left are kept and named.
        KeyboardInterrupt: A step was interrupted with Ctrl-C.
    """
    recovered = recover(plan.config.registry)
    content = content_version(plan.data_request, data_home())
    site = site_data(plan.config.events_version) if plan.config.with_events else None
    request = plan.data_request if site is None else replace(plan.data_request, events=site.request)
    dataset = plan.config.dataset
    name = named(plan)
    tags = {"mlflow.runName": name, "roulette.zenml_run": name, "roulette.content_version": content}
    tags |= {} if site is None else site.tags
    description = f"{about} on {dataset}; ZenML run {name}."
    with under_way(plan, name, tags, description) as run_id:
        notes = recovered if site is None else (*recovered, site.note)
        yield TrackedRun(plan, name, run_id, request, content, notes)


def named(plan: Plan) -> str:
    """Return a name for a ZenML run of this moment."""
    return f"{plan.pipeline}-{datetime.now(UTC):%Y-%m-%d-%H-%M-%S-%f}"


@contextmanager
def under_way(plan: Plan, name: str, tags: dict[str, str], description: str) -> Iterator[str]:
    """Hold a work folder and an open MLflow run, and yield the run's id.

    Args:
        plan: What was asked for.
        name: Name of the ZenML run.
        tags: Of the MLflow run.
        description: What it is for.

    Raises:
        RouletteError: The body failed; the reports that it left are kept and named.
        KeyboardInterrupt: A step was interrupted with Ctrl-C.
    """
    with (
        work_folder(environment.work_dir(), name),
        open_run(plan.config.registry, tags=tags, description=description) as run,
        _own_errors(run, plan.config.dataset),
    ):
        yield run.run_id


def evaluation_fields(settings: EvaluationSettings) -> dict[str, Any]:
    """Return the settings as the plain values that ZenML takes as a parameter."""
    return {**asdict(settings), "k_values": list(settings.k_values)}


@dataclass(frozen=True)
class SiteEvents:
    """What the event store has for a run.

    Attributes:
        request: Which events are merged.
        tags: What the MLflow run says of them.
        note: The same as a sentence.
    """

    request: EventsRequest
    tags: dict[str, str]
    note: str


def site_data(version: str | None = None) -> SiteEvents:
    """Look at the event store.

    Args:
        version: The MD5 by which DVC names what it must give, or ``None`` for what it has now.

    Raises:
        StoreUnavailable: It is out of reach.
        UsageError: There is none, its tables are not those of this code, or it does not give that
            version.
    """
    folder = environment.state_dir() / "monitoring" / "versions"
    wanted = None if version is None else read_version(folder, version)
    with closing(EventStore(events_url())) as store:
        found = read_site_data(store, until=None if wanted is None else wanted.until)
    if wanted is not None:
        require_same(wanted, found)
    additions, digest = found.additions, found.additions.digest
    tags = {"roulette.events_digest": digest, "roulette.events_until": str(found.until)}
    tags |= {} if version is None else {"roulette.events_version": version}
    return SiteEvents(
        EventsRequest(found.until, digest),
        tags,
        f"From the event store up to event {found.until}: {len(additions.ratings):,} ratings, "
        f"{len(additions.withdrawn_users):,} withdrawn; users to forget: "
        f"{len(additions.forgotten):,}; {found.likes:,} likes without stars "
        "are no ratings and bear on lists only.",
    )


def recover(registry: RegistrySettings) -> tuple[str, ...]:
    """Finish or undo what killed runs left, and say what that was."""
    zenml_runs = close_interrupted(environment.apply())
    mlflow_runs = close_interrupted_runs(registry)
    recovery = Registry(registry).recover()
    notes = [f"The interrupted run {name} was closed." for name in zenml_runs]
    notes += [f"The interrupted MLflow run {run_id} was closed." for run_id in mlflow_runs]
    notes += [f"The half-registered version {number} was deleted." for number in recovery.deleted]
    if recovery.completed is not None:
        change = recovery.completed
        notes.append(f"The interrupted {change.kind} of version {change.production} was completed.")
    return tuple(notes)


@contextmanager
def _own_errors(run: Run, dataset: str) -> Iterator[None]:
    """Save what a failed step left, and name the remedy where its error has none of its own."""
    try:
        yield
    except RunInterruptedException as error:
        # What ZenML makes of Ctrl-C while a step runs.
        raise KeyboardInterrupt from error
    except RouletteError as error:
        _note_reports(error, run, dataset)
        raise
    except Exception as error:
        remedy = f"The alert stands in {alert_file()}; --verbose shows the traceback."
        failed = RouletteError(f"{type(error).__name__}: {error}", remedy=remedy)
        _note_reports(failed, run, dataset)
        raise failed from error


def _note_reports(error: RouletteError, run: Run, dataset: str) -> None:
    for file in keep_failed_reports(run.run_id, dataset):
        error.add_note(f"The report is {file}")
