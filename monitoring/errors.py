"""What can go wrong with monitoring."""

from __future__ import annotations

from recommender.errors import RouletteError


class MonitoringError(RouletteError):
    """A profile, a piece of the spool or the journal cannot be used."""
