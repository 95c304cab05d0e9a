"""Where the event store is, for all who use it."""

from __future__ import annotations

import os

import environment

#: SQLAlchemy's URL of the store.
EVENTS_URL = "EVENTS_URL"


def default_url() -> str:
    """Return SQLAlchemy's URL of the SQLite file in the state folder."""
    return f"sqlite:///{environment.state_dir() / 'events' / 'events.db'}"


def events_url() -> str:
    """Return ``EVENTS_URL``, or the SQLite file in the state folder where it is unset."""
    return os.environ.get(EVENTS_URL) or default_url()
