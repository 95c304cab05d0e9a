"""``python -m monitoring.profile``: the process beside the workers that profiles what they saw."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import environment
from monitoring.folders import MonitoringFolders
from monitoring.locks import only_one
from monitoring.profiler import Models, Profiler
from monitoring.profiles import ProfileStore
from monitoring.settings import ProfilingSettings
from recommender.errors import BundleError, RouletteError
from recommender.inference import Recommender
from recommender.publication import PublishedFolder
from recommender.reference.facts import ModelFacts
from recommender.soundness import open_sound

_LOG = logging.getLogger(__name__)
_PAUSE_SECONDS = 5.0
#: A server's requests come first.
_NICENESS = 10
_MOST_MODELS = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Profile until told to stop, and return the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s profiler %(message)s")
    settings = ProfilingSettings(
        period_seconds=options.period_seconds, keep_periods=options.keep_periods
    )
    folders = MonitoringFolders(options.folder)
    models = published_models(PublishedFolder(options.published))
    profiler = Profiler(folders.spools, ProfileStore(folders.profiles), models, settings)
    try:
        with only_one(folders.profiler_lock, what="profiler"):
            _profile(profiler, None if options.once else options.pause_seconds)
    except RouletteError as error:
        _LOG.error("%s", error)
        return error.exit_code
    _LOG.info("profiled: %s", dict(profiler.counts))
    return 0


def _profile(profiler: Profiler, pause_seconds: float | None) -> None:
    """Profile once, or until told to stop where there is a pause between two times."""
    if pause_seconds is not None:
        os.nice(_NICENESS)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        profiler.run(stop, pause_seconds)
    # Also what the workers have handed over at their end.
    profiler.run_once()


def published_models(published: PublishedFolder) -> Models:
    """Return what finds a published model; the latest few stay in memory."""
    found: dict[str, ModelFacts] = {}

    def find(digest: str) -> ModelFacts | None:
        if digest not in found:
            try:
                bundle = open_sound(published, digest)
                found[digest] = ModelFacts(Recommender.from_bundle(bundle))
            except BundleError as error:
                _LOG.warning("what model %s showed is profiled in part: %s", digest, error)
                return None
        while len(found) > _MOST_MODELS:
            del found[next(iter(found))]
        return found[digest]

    return find


def _parser() -> argparse.ArgumentParser:
    defaults = ProfilingSettings()
    parser = argparse.ArgumentParser(prog="python -m monitoring.profile", description=__doc__)
    published = environment.state_dir() / "published"
    folder = environment.state_dir() / "monitoring"
    parser.add_argument("--folder", type=Path, default=folder, help="folder of the profiles")
    parser.add_argument("--published", type=Path, default=published, help="folder of the models")
    parser.add_argument("--period-seconds", type=int, default=defaults.period_seconds)
    parser.add_argument("--keep-periods", type=int, default=defaults.keep_periods)
    parser.add_argument("--pause-seconds", type=float, default=_PAUSE_SECONDS)
    parser.add_argument("--once", action="store_true", help="profile what is there, and stop")
    return parser


if __name__ == "__main__":
    sys.exit(main())
