"""Measures one round: drift of every window, performance by delayed labels, lists and reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from events.labels import labels_since, shown_lists
from monitoring.collect import ProfiledWindow
from monitoring.drift import (
    Distribution,
    column_drift,
    distribution,
    first_window_reference,
)
from monitoring.performance import Estimate, Joined, join, performance
from monitoring.profiles import MergedProfiles, ProfileStore
from monitoring.recommender_drift import ListChange, list_change, reach
from monitoring.report import DriftReport, VersionPerformance
from monitoring.settings import DriftSettings
from monitoring.sources import OpenModel, Sources
from monitoring.windows import Window
from recommender.reference import ReferenceColumn, ReferenceProfile

_HOUR = 3600.0
_NO_REFERENCE = (
    "The production model's bundle holds no reference, so no drift can be measured: it was trained "
    "by an earlier version of the code. Train again."
)
_NO_WINDOW = "No window of the production model is over yet: nothing can be compared."


@dataclass(frozen=True, eq=False)
class _Compared:
    """With what windows are compared; their labels are in if they end before ``ripe_until``."""

    production: OpenModel
    references: Mapping[str, ReferenceColumn]
    ripe_until: float


@dataclass(frozen=True, eq=False)
class _Read:
    """The profiles of the windows, and the lists and labels of their time."""

    profiles: Sequence[MergedProfiles]
    joined: Joined


def measure(
    sources: Sources, windows: Sequence[ProfiledWindow], settings: DriftSettings, now: float
) -> DriftReport:
    """Return what a round finds.

    Args:
        sources: Live traffic and models.
        windows: Those to be measured, oldest first.
        settings: How much is looked at.
        now: Seconds since 1970.

    Raises:
        MonitoringError: No model is published.
        StoreUnavailable: The event store is out of reach.
        UsageError: There is none, or its tables are not those of this code.
    """
    production = sources.production()
    read = _read(sources, windows, settings)
    references = _references(production, sources.profiles)
    compared = _Compared(production, references, now - settings.label_delay_hours * _HOUR)
    own = [_lists_of(read.joined, production, window) for window in windows]
    return DriftReport(
        model=production.published.digest,
        version=production.published.version,
        made_at=now,
        windows=tuple(
            _window(*found, compared) for found in zip(windows, read.profiles, own, strict=True)
        ),
        reach=tuple(reach(joined.lists, production.facts) for joined in own),
        versions=_versions(sources, read.joined),
        join_rate=read.joined.join_rate,
        delay_seconds=read.joined.delay_seconds,
        list_change=_list_change(production, sources.previous(), settings),
        distributions=_distributions(read.profiles, references),
        notes=tuple(_notes(production, windows)),
        alerts=tuple(
            f"A profile cannot be read and is left out: {text}"
            for profiles in read.profiles
            for text in profiles.unreadable
        ),
    )


def _distributions(
    profiles: Sequence[MergedProfiles], references: Mapping[str, ReferenceColumn]
) -> dict[str, Distribution]:
    """Return the shares of every column in the latest window."""
    latest = profiles[-1].sketches if profiles else None
    if latest is None:
        return {}
    return {
        name: distribution(latest, name, expected)
        for name, expected in references.items()
        if latest.count(name) and expected.total
    }


def _read(sources: Sources, windows: Sequence[ProfiledWindow], settings: DriftSettings) -> _Read:
    store = sources.profiles
    profiles = [store.merged(window.keys) for window in windows]
    if not windows:
        return _Read(profiles, join([], [], set(), 0.0))
    lists, ids = [], set()
    for window in windows:
        found, names = shown_lists(sources.events, window.start, window.end, settings.max_lists)
        lists += found
        ids |= names
    labels = labels_since(sources.events, windows[0].start)
    # The first labels are of lists before the first window.
    counted = windows[0].start + settings.label_delay_hours * _HOUR
    return _Read(profiles, join(lists, labels, ids, counted))


def _references(production: OpenModel, store: ProfileStore) -> dict[str, ReferenceColumn]:
    """Return what is compared with: the bundle's columns, and the first window's of the rest."""
    found = ReferenceProfile.from_arrays(production.bundle)
    if found is None:
        return {}
    own = [key for key in store.all_keys() if key.model == production.published.digest]
    first = [key for key in own if key.start == own[0].start]
    sketches = store.merged(first).sketches
    service = first_window_reference(sketches) if sketches is not None else {}
    return {**service, **found.columns}


def _window(
    window: ProfiledWindow, profiles: MergedProfiles, own: Joined, compared: _Compared
) -> Window:
    sketches, production = profiles.sketches, compared.production
    columns = {} if sketches is None else column_drift(sketches, compared.references)
    # Before that the labels of its lists are still on their way.
    is_ripe = window.end <= compared.ripe_until
    measured = performance(own, _estimate(production)) if is_ripe else {}
    return Window(window.start, window.end, production.published.digest, columns, measured)


def _lists_of(joined: Joined, model: OpenModel, window: ProfiledWindow) -> Joined:
    return joined.of_model(model.published.digest, window.start, window.end)


def _versions(sources: Sources, joined: Joined) -> tuple[VersionPerformance, ...]:
    found = []
    for digest in sorted({shown.model for shown in joined.lists if shown.model is not None}):
        own, model = joined.of_model(digest), sources.find(digest)
        version = "?" if model is None else model.published.version
        metrics = performance(own, None if model is None else _estimate(model))
        found.append(VersionPerformance(version, digest, len(own.lists), metrics))
    return tuple(found)


def _estimate(model: OpenModel) -> Estimate:
    return model.facts.estimates


def _list_change(
    production: OpenModel, before: OpenModel | None, settings: DriftSettings
) -> ListChange | None:
    if before is None:
        return None
    return list_change(
        production.recommender,
        before.recommender,
        n_users=settings.probe_users,
        list_length=settings.list_length,
    )


def _notes(production: OpenModel, windows: Sequence[ProfiledWindow]) -> list[str]:
    notes = []
    if ReferenceProfile.from_arrays(production.bundle) is None:
        notes.append(_NO_REFERENCE)
    if not windows:
        notes.append(_NO_WINDOW)
    return notes
