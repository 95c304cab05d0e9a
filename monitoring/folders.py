"""Where monitoring keeps its state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MonitoringFolders:
    """Places below one folder.

    Attributes:
        root: Usually ``var/monitoring``.
    """

    root: Path

    @property
    def spools(self) -> Path:
        """What the workers hand to the profiler."""
        return self.root / "spool"

    @property
    def profiles(self) -> Path:
        """What the profiler makes of it."""
        return self.root / "profiles"

    @property
    def journal(self) -> Path:
        """Decisions and retrainings."""
        return self.root / "journal.db"

    @property
    def lock(self) -> Path:
        """Held by whoever monitors."""
        return self.root / "monitor.lock"

    @property
    def profiler_lock(self) -> Path:
        """Held by the profiler."""
        return self.root / "profiler.lock"

    @property
    def training_lock(self) -> Path:
        """Held by a retraining, also when whoever started it is dead."""
        return self.root / "retraining.lock"

    @property
    def retrain_request(self) -> Path:
        """Somebody's wish to train again, until the monitor has decided on it."""
        return self.root / "requests" / "retrain.json"

    @property
    def reports(self) -> Path:
        """The latest report."""
        return self.root / "reports"

    def result(self, decision: int) -> Path:
        """Return where the retraining of a decision says how it ended."""
        return self.root / "retrainings" / f"{decision:06d}.json"

    @property
    def versions(self) -> Path:
        """Versions of the ratings from the site."""
        return self.root / "versions"
