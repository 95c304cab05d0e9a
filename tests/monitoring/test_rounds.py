"""A round of monitoring as a whole, over a published model, profiles and an event store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from events.migrate import migrate
from events.records import ServedList
from events.schema import Event, EventKind
from events.store import EventStore
from monitoring.collect import closed_windows, collect, windows_of
from monitoring.deciding import decide
from monitoring.errors import MonitoringError
from monitoring.folders import MonitoringFolders
from monitoring.locks import is_held, only_one
from monitoring.measure import measure
from monitoring.new_data import assess
from monitoring.observations import Observation
from monitoring.page import drift_files, headline_values
from monitoring.profile import main, published_models
from monitoring.profiler import Profiler
from monitoring.report import DriftReport
from monitoring.settings import DecisionSettings, DriftSettings, ProfilingSettings
from monitoring.sources import Sources
from monitoring.spool import Spool
from recommender.bundle import Bundle, write_bundle
from recommender.data.additions import Additions
from recommender.publication import Pointer, PublishedFolder, PublishedModel

HOUR = 3600
BEGIN = 1_700_000_000 // HOUR * HOUR
NOW = BEGIN + 3 * HOUR + 120
DRIFT = DriftSettings(label_delay_hours=0.0, probe_users=3, list_length=5)
DECISION = DecisionSettings(min_samples=10, consecutive=2, watched=("rating", "rated_genre"))


def publish(folder: PublishedFolder, bundle: Bundle, version: str) -> PublishedModel:
    shutil.copytree(bundle.path, folder.bundle(bundle.digest))
    before = folder.pointer()
    model = PublishedModel("movies", version, bundle.digest)
    previous = None if before is None else before.production
    folder.write_pointer(Pointer(model, previous, datetime.now(UTC).isoformat()))
    return model


@pytest.fixture(scope="module")
def sources(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    """Three hours: in all of them everyone gives one star, and clicks on the first place."""
    root = tmp_path_factory.mktemp("round")
    url = f"sqlite:///{root / 'events.db'}"
    migrate(url)
    times = iter(float(BEGIN + number * 60) for number in range(10_000))
    store = EventStore(url, clock=lambda: datetime.fromtimestamp(next(times), UTC))
    folder = PublishedFolder(root / "published")
    other = {name: tiny_bundle[name] for name in tiny_bundle if not name.startswith("reference")}
    fields = asdict(tiny_bundle.manifest)
    del fields["format_version"], fields["files"]
    publish(folder, write_bundle(root / "old", other, fields | {"seed": 9}), "1")
    digest = publish(folder, tiny_bundle, "2").digest
    found = Sources(MonitoringFolders(root / "monitoring"), folder, store)
    spool = Spool(found.folders.spools, ProfilingSettings(events_per_second=10_000))
    movies = [int(movie) for movie in found.production().recommender.movie_ids[:5]]
    for minute in range(180):
        time = BEGIN + minute * 60.0
        name, when = f"list-{minute}", datetime.fromtimestamp(time, UTC)
        items = [{"movie_id": movie, "score": 1.0, "path": "personal"} for movie in movies]
        store.record_served([ServedList(name, when, 1, "2", digest, {"k": 5}, 0, items)])
        rating = Event(f"r{minute}", EventKind.RATING, 1, movies[0], when, 1.0, name, 0)
        click = Event(f"c{minute}", EventKind.CLICK, 1, movies[0], when, None, name, 0)
        store.append([rating, click])
        spool.put(Observation("rating", time, digest, 1, (movies[0],), (), 1.0))
        spool.put(Observation("list", time, digest, 1, movies, ("personal",) * 5, 2.0))
    spool.close()
    models = published_models(folder)
    Profiler(found.folders.spools, found.profiles, models, ProfilingSettings()).run_once()
    yield found
    store.close()


@pytest.fixture(scope="module")
def report(sources: Sources) -> DriftReport:
    return measure(sources, windows_of(collect(sources, DRIFT, NOW)), DRIFT, NOW)


def test_windows_that_are_over_are_collected(sources: Sources) -> None:
    keys, digest = sources.profiles.all_keys(), sources.production().published.digest
    found = closed_windows(keys, digest, NOW - 121, grace_seconds=0.0, latest=24)
    assert [window.start for window in found] == [BEGIN, BEGIN + HOUR]
    assert closed_windows(keys, digest, NOW, grace_seconds=121.0, latest=1) == found[-1:]
    assert closed_windows(keys, "other", NOW, grace_seconds=0.0, latest=9) == []
    assert json.loads(json.dumps(collect(sources, DRIFT, NOW))) == collect(sources, DRIFT, NOW)


def test_drift_performance_and_reach_of_each_window_are_measured(report: DriftReport) -> None:
    assert [window.start for window in report.windows] == [BEGIN + n * HOUR for n in range(3)]
    latest = report.windows[-1]
    assert latest.columns["rating"].samples == 60
    assert latest.columns["rating"].distances.psi > 0.2
    assert latest.columns["latency_ms"].distances.psi == pytest.approx(0.0)
    assert latest.performance["click_through"].value == 1.0
    assert latest.performance["rmse"].samples > 30
    assert report.join_rate is not None
    assert report.join_rate > 0.9
    assert [item.version for item in report.versions] == ["2"]
    assert report.list_change is not None
    assert report.list_change.overlap == 1.0
    assert all(found is not None for found in report.reach)
    assert (report.notes, report.alerts) == ((), ())


def test_labels_that_are_on_their_way_are_waited_for(sources: Sources) -> None:
    windows = windows_of(collect(sources, DRIFT, NOW))
    found = measure(sources, windows, replace(DRIFT, label_delay_hours=1.5), NOW)
    assert [bool(window.performance) for window in found.windows] == [True, False, False]


def test_the_report_survives_json_and_reads_as_a_page(report: DriftReport) -> None:
    files = drift_files(report, DECISION)
    assert DriftReport.from_dict(json.loads(files["drift/drift.json"])) == report
    page = files["drift/drift.html"]
    assert "beyond the threshold: rating" in page
    assert "http" not in page.split("</style>")[1].replace("http://www.w3.org", "")
    for part in ("Performance by what users did", "popularity lift", "Lists of", "<svg"):
        assert part in page
    assert headline_values(report)["psi_rating"] > 0.2


def test_the_page_leaves_out_what_was_not_measured(report: DriftReport) -> None:
    first = report.versions[0]
    older = replace(first, version="0", metrics={"only": next(iter(first.metrics.values()))})
    less = replace(report, list_change=None, versions=(first, older))
    page = drift_files(less, DECISION)["drift/drift.html"]
    assert "fixed users against the model before" not in page
    assert "version 0" in page
    bare = replace(less, reach=tuple(None for _ in report.reach), versions=())
    assert "What was shown, and to whom" not in drift_files(bare, DECISION)["drift/drift.html"]


def test_a_round_decides_once_and_remembers(sources: Sources, report: DriftReport) -> None:
    number, decision = decide(sources, report, DECISION, NOW, by_hand=False, about={"run": "r"})
    assert decision.retrain
    assert "rating" in decision.causes
    again, second = decide(sources, report, DECISION, NOW + 1, by_hand=True, about={})
    assert (again, second.retrain) == (number + 1, False)
    assert [item.rule for item in second.reasons if not item.passed] == ["running"]
    latest, first = sources.journal.decisions()
    assert (latest["retrain"], first["about"]) == (False, {"run": "r"})


def test_a_profile_that_cannot_be_read_is_left_out_and_said(
    sources: Sources, tmp_path: Path
) -> None:
    folders = MonitoringFolders(tmp_path)
    shutil.copytree(sources.folders.profiles, folders.profiles)
    damaged = replace(sources, folders=folders)
    last = sorted(folders.profiles.iterdir())[-1]
    last.write_bytes(b"WHY1 nothing")
    found = measure(damaged, windows_of(collect(damaged, DRIFT, NOW)), DRIFT, NOW)
    assert last.name in found.alerts[0]
    assert found.windows[-1].columns == {}
    assert drift_files(found, DECISION)
    # A lost profile is a window less.
    last.unlink()
    assert len(windows_of(collect(damaged, DRIFT, NOW))) == 2


def test_without_profiles_or_reference_it_says_so(sources: Sources, tmp_path: Path) -> None:
    empty = replace(sources, folders=MonitoringFolders(tmp_path))
    found = measure(empty, [], DRIFT, NOW)
    assert "No window" in found.notes[0]
    assert "nothing to compare" in drift_files(found, DECISION)["drift/drift.html"]
    assert headline_values(found) == {}
    pointer = sources.published.pointer()
    assert pointer is not None
    assert pointer.previous is not None
    older = PublishedFolder(tmp_path / "published")
    shutil.copytree(sources.published.root, older.root)
    older.write_pointer(Pointer(pointer.previous, None, ""))
    before = replace(empty, published=older, _open={})
    assert "holds no reference" in measure(before, [], DRIFT, NOW).notes[0]
    assert before.previous() is None
    assert before.find("unknown") is None
    shutil.rmtree(older.bundle(pointer.production.digest))
    assert before.find(pointer.production.digest) is None
    nothing = replace(empty, published=PublishedFolder(tmp_path / "none"))
    with pytest.raises(MonitoringError, match="no model is published"):
        nothing.production()
    assert nothing.previous() is None


def additions(users: list[int], movies: list[int], stars: float, time: int) -> Additions:
    none = np.array([], dtype=np.int64)
    n_ratings = len(users)
    return Additions(
        np.array(users),
        np.array(movies),
        np.full(n_ratings, stars),
        np.full(n_ratings, time),
        none,
        none,
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"stars": 11.0}, "off the scale"),
        ({"time": 2 * NOW}, "impossible time"),
        ({"movie": 10**9}, "unknown movie"),
        ({"user": 77_777_777}, "by user 77777777"),
    ],
)
def test_new_ratings_are_counted_and_looked_at(
    sources: Sources, changes: dict[str, int], problem: str | None
) -> None:
    model = sources.production().recommender
    movie = changes.get("movie", int(model.movie_ids[0]))
    users = [changes.get("user", 10**6 + number) for number in range(300)]
    added = additions(users, [movie] * 300, changes.get("stars", 4.0), changes.get("time", NOW))
    found = assess(added, model, 1000, DecisionSettings(), NOW)
    assert (found.ratings, found.trained_on) == (300, 1000)
    assert [problem in text for text in found.problems] == ([True] if problem else [])
    few = assess(added, model, 1000, DecisionSettings(min_checked=301), NOW)
    assert few.problems == ()


def test_what_production_has_seen_is_not_new(sources: Sources) -> None:
    model = sources.production().recommender
    user = int(model.user_ids[0])
    known = int(model.seen(user)[0])
    unseen = int(np.setdiff1d(model.movie_ids, model.seen(user))[0])
    added = additions([user, user, 10**6], [known, unseen, known], 4.0, NOW)
    assert assess(added, model, 1000, DecisionSettings(), NOW).ratings == 2


def test_two_monitors_cannot_be_at_work_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a" / "monitor.lock"
    with only_one(file, what="monitor"):
        assert is_held(file)
        with (
            pytest.raises(MonitoringError, match="another monitor is at work"),
            only_one(file, what="monitor"),
        ):
            pass
    assert not is_held(file)


def test_the_profiler_is_a_command(sources: Sources, tmp_path: Path) -> None:
    spool = Spool(MonitoringFolders(tmp_path).spools, ProfilingSettings())
    digest = sources.production().published.digest
    spool.put(Observation("rating", float(BEGIN), digest, 1, (1,), (), 4.0))
    spool.put(Observation("rating", float(BEGIN), "gone", 1, (1,), (), 4.0))
    spool.close()
    options = ["--folder", str(tmp_path), "--published", str(sources.published.root)]
    assert main([*options, "--once", "--period-seconds", "60"]) == 0
    profiles = list(MonitoringFolders(tmp_path).profiles.glob("*.60s.*.bin"))
    assert len(profiles) == 2
    with only_one(MonitoringFolders(tmp_path).profiler_lock, what="profiler"):
        assert main([*options, "--once"]) == 1
