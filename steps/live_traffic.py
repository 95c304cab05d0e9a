"""Where the steps of monitoring find live traffic: in the state folder and in the event store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import environment
from events.address import events_url
from events.store import EventStore
from monitoring.folders import MonitoringFolders
from monitoring.sources import Sources
from recommender.publication import PublishedFolder


def monitoring_folders() -> MonitoringFolders:
    """Return where monitoring keeps its state."""
    return MonitoringFolders(environment.state_dir() / "monitoring")


@contextmanager
def live_traffic() -> Iterator[Sources]:
    """Give what a round reads, for the body of a ``with`` statement."""
    published = PublishedFolder(environment.state_dir() / "published")
    with closing(EventStore(events_url())) as store:
        yield Sources(monitoring_folders(), published, store)
