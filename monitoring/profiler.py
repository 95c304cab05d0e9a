"""Turns the pieces of the workers into profiles, each row once, whenever it is killed."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from monitoring.observations import Observation
from monitoring.pieces import Piece, finish_dead, finished
from monitoring.profiles import Profile, ProfileKey, ProfileStore
from monitoring.settings import ProfilingSettings
from monitoring.sketches import Sketches
from monitoring.values import values_of
from recommender.reference.facts import ModelFacts

_LOG = logging.getLogger(__name__)
#: Pieces of a worker that are read at once, which bounds memory.
_AT_ONCE = 32

#: What the model of a digest knows, or ``None`` where its bundle is gone.
Models = Callable[[str], ModelFacts | None]


class Profiler:
    """Profiles what the workers have handed over.

    Args:
        spools: Folder of the workers' spools.
        store: Where the profiles go.
        models: Finds the models of the rows.
        settings: Length of a period, and how many are kept.

    Attributes:
        counts: Of this process: ``pieces``, ``rows``, ``damaged`` rows, and rows of an
            ``unknown_model``, of which only what needs no bundle is profiled.
    """

    def __init__(
        self, spools: Path, store: ProfileStore, models: Models, settings: ProfilingSettings
    ) -> None:
        self._spools = spools
        self._store = store
        self._models = models
        self._settings = settings
        self.counts: Counter[str] = Counter()

    def run_once(self) -> int:
        """Profile every piece that is finished, and return how many there were."""
        finish_dead(self._spools)
        before = self.counts["pieces"]
        for worker, found in groupby(finished(self._spools), key=lambda piece: piece.worker):
            pieces = list(found)
            while some := pieces[:_AT_ONCE]:
                self._profile(worker, some)
                del pieces[:_AT_ONCE]
        if done := self.counts["pieces"] - before:
            self._store.forget(self._settings.keep_periods)
            return done
        return 0

    def run(self, stop: threading.Event, pause_seconds: float) -> None:
        """Profile until told to stop."""
        while not stop.wait(pause_seconds):
            try:
                self.run_once()
            except OSError as error:
                _LOG.warning("profiles wait: %s", error)

    def _profile(self, worker: str, pieces: Sequence[Piece]) -> None:
        rows = self._rows_by_key(worker, pieces)
        for key, found in rows.items():
            profile = self._store.load(key)
            new = [row for number, row in found if number > profile.through]
            if new:
                self._store.save(self._added(profile, new, through=found[-1][0]))
        # Only now: whatever was killed before this line is done again, and counted once.
        for piece in pieces:
            piece.file.unlink()
        self.counts["pieces"] += len(pieces)

    def _rows_by_key(
        self, worker: str, pieces: Sequence[Piece]
    ) -> dict[ProfileKey, list[tuple[int, Observation]]]:
        seconds = self._settings.period_seconds
        found: dict[ProfileKey, list[tuple[int, Observation]]] = {}
        for piece in pieces:
            rows, damaged = piece.rows()
            self.counts["damaged"] += damaged
            for row in rows:
                start = int(row.time // seconds) * seconds
                key = ProfileKey(start, seconds, worker, row.model)
                found.setdefault(key, []).append((piece.number, row))
        return found

    def _added(self, profile: Profile, rows: Sequence[Observation], through: int) -> Profile:
        model = profile.key.model
        facts = None if model is None else self._models(model)
        if facts is None:
            self.counts["unknown_model"] += len(rows)
        self.counts["rows"] += len(rows)
        return profile.with_rows(Sketches.of(values_of(rows, facts)), len(rows), through)
