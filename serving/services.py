"""What the routes stand on, made once and passed by the application."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Self, cast

from flask import current_app

import environment
from events.group_commit import GroupCommit, GroupLimits
from events.retention import Retention
from events.served_log import ServedLog
from events.store import EventStore
from monitoring.folders import MonitoringFolders
from monitoring.spool import Spool
from recommender.publication import PublishedFolder
from serving.cache import ListCache
from serving.models.catalogue_only import CatalogueOnly
from serving.models.slot import ModelSlot
from serving.settings import ServerSettings

_EXTENSION = "services"
#: Lists that a worker makes at once. More would not be ready sooner: they take turns at the one
#: interpreter, and whoever has a short thing to do between (an answer from the cache, a refusal)
#: would wait for a turn of each.
_MADE_AT_ONCE = 1


@dataclass(frozen=True)
class Services:
    """Everything that outlives a request.

    Nothing here opens a file, a connection or a thread before it is used, so that a server may
    make it and then fork.

    Attributes:
        settings: Of the server.
        models: The model that is served.
        events: The event store.
        commits: How events get into it.
        served: How served lists get into it.
        retention: How they leave it.
        cache: Lists made before.
        catalogue: Popular films, for as long as there is no model.
        spool: What is seen on its way to the profiler, or ``None`` where nothing is profiled.
        making: Held by the threads that make a list.
    """

    settings: ServerSettings
    models: ModelSlot
    events: EventStore
    commits: GroupCommit
    served: ServedLog
    retention: Retention
    cache: ListCache
    catalogue: CatalogueOnly
    spool: Spool | None = None
    making: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_MADE_AT_ONCE))

    @classmethod
    def of(cls, settings: ServerSettings) -> Self:
        """Return what these settings name."""
        chosen = settings.events
        store = EventStore(settings.events_url, lock_seconds=chosen.lock_seconds)
        limits = GroupLimits(chosen.max_group, chosen.max_wait_ms, chosen.max_waiting)
        return cls(
            settings=settings,
            models=ModelSlot(PublishedFolder(settings.published_folder), settings.models),
            events=store,
            commits=GroupCommit(store, limits),
            served=ServedLog(store),
            retention=Retention(store, chosen.keep_served_days),
            cache=ListCache(int(settings.cache.max_mb * 1e6), settings.cache.ttl_seconds),
            catalogue=CatalogueOnly(environment.ROOT / "data"),
            spool=_spool(settings),
        )

    def start(self) -> None:
        """Follow what is published, and remove what is old; called in a worker, after the fork."""
        self.models.start()
        self.retention.start()

    def close(self) -> None:
        """Store what waits and stop; called when the worker ends."""
        self.models.close()
        self.retention.close()
        self.commits.close()
        self.served.close()
        self.events.close()
        if self.spool is not None:
            self.spool.close()


def _spool(settings: ServerSettings) -> Spool | None:
    if not settings.profiling.enabled:
        return None
    return Spool(MonitoringFolders(settings.monitoring_folder).spools, settings.profiling)


def services() -> Services:
    """Return the services of the application that answers."""
    return cast(Services, current_app.extensions[_EXTENSION])
