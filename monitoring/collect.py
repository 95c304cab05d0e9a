"""Which profiles belong to which window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from monitoring.profiles import ProfileKey
from monitoring.settings import DriftSettings
from monitoring.sources import Sources


@dataclass(frozen=True)
class ProfiledWindow:
    """The profiles of one period that one model served.

    Attributes:
        start: Begin, in seconds since 1970.
        end: End.
        files: Names of the profiles, one a worker.
    """

    start: int
    end: int
    files: tuple[str, ...]

    @property
    def keys(self) -> list[ProfileKey]:
        """What the profiles are of."""
        return [ProfileKey.from_name(name) for name in self.files]


def closed_windows(
    keys: Sequence[ProfileKey], model: str, now: float, *, grace_seconds: float, latest: int
) -> list[ProfiledWindow]:
    """Return the latest windows that one model served and that are over.

    Args:
        keys: Of all profiles.
        model: Digest of its bundle.
        now: Seconds since 1970.
        grace_seconds: How long after its end a window may still get rows.
        latest: How many, at most.
    """
    files: dict[tuple[int, int], list[str]] = {}
    for key in keys:
        if key.model == model and key.start + key.seconds + grace_seconds <= now:
            files.setdefault((key.start, key.start + key.seconds), []).append(key.file_name)
    return [
        ProfiledWindow(start, end, tuple(sorted(names)))
        for (start, end), names in sorted(files.items())[-latest:]
    ]


def collect(sources: Sources, settings: DriftSettings, now: float) -> dict[str, Any]:
    """Return the latest closed windows of the production model, as plain values.

    Args:
        sources: Where profiles and models are.
        settings: How many windows.
        now: Seconds since 1970.

    Raises:
        MonitoringError: No model is published.
    """
    model = sources.production().published.digest
    keys = sources.profiles.all_keys()
    windows = closed_windows(
        keys, model, now, grace_seconds=settings.grace_seconds, latest=settings.windows
    )
    plain = [{**asdict(window), "files": list(window.files)} for window in windows]
    return {"model": model, "windows": plain}


def windows_of(collected: Mapping[str, Any]) -> list[ProfiledWindow]:
    """Return the windows that `collect` found."""
    return [
        ProfiledWindow(item["start"], item["end"], tuple(item["files"]))
        for item in collected["windows"]
    ]
