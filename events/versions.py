"""Versions of what training takes from the event store, kept with DVC below the state folder.

A version is what the site adds to the data set at one moment: the last rating of each user and
movie, what was taken back, and whom to forget. It has a DVC repository of its own, so that a
running loop changes nothing in the checkout: ``data.dvc`` and git stay as a person left them.

Only the latest version stays in DVC's cache. An older one is its number in the event store
(``until``), from which it can be made again, except for users who were erased since; whom the site
forgets must not live on in a cache.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from events.training_data import SiteData
from recommender.data.versioning import folder_digest, recorded_digest
from recommender.errors import DataError, UsageError
from recommender.publication import write_json

_ABOUT = "about.json"


@dataclass(frozen=True)
class EventsVersion:
    """One version.

    Attributes:
        md5: By which DVC names it.
        until: Number of the last event in it.
        digest: SHA-256 of what it holds, whatever the order.
        ratings: How many ratings there are.
    """

    md5: str
    until: int
    digest: str
    ratings: int


def add_version(folder: Path, site: SiteData) -> EventsVersion:
    """Write what the site adds, and record it with ``dvc add``.

    Args:
        folder: Of the versions; made where it is absent.
        site: What the store has for training.

    Raises:
        DataError: DVC fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".dvc").is_dir():
        _dvc(folder, "init", "--no-scm")
    data, added = folder / "events", site.additions
    data.mkdir(exist_ok=True)
    columns = (added.user_ids, added.movie_ids, added.ratings, added.timestamps)
    _write(data / "ratings.csv", "user_id,movie_id,rating,timestamp", columns)
    gone = (added.withdrawn_users, added.withdrawn_movies)
    _write(data / "withdrawn.csv", "user_id,movie_id", gone)
    _write(data / "forgotten.csv", "user_id", (np.array(added.forgotten, dtype=np.int64),))
    about = EventsVersion("", site.until, added.digest, added.ratings.size)
    plain = {key: item for key, item in asdict(about).items() if key != "md5"}
    write_json(data / _ABOUT, plain)
    _dvc(folder, "add", "--quiet", "events")
    _dvc(folder, "gc", "--quiet", "--workspace", "--force")
    return replace(about, md5=recorded_digest(folder / "events.dvc"))


def read_version(folder: Path, md5: str) -> EventsVersion:
    """Return the latest version, which must be ``md5``.

    Raises:
        UsageError: It is another one, or its files are not what DVC recorded.
    """
    recorded = recorded_digest(folder / "events.dvc")
    found = folder_digest(folder / "events")
    if not recorded == found == md5:
        raise UsageError(
            "is not the latest version of the site's ratings",
            place="events_version",
            value=md5,
            remedy=f"The latest is {recorded}; leave the setting out to train on the store as it "
            "is now.",
        )
    about = json.loads((folder / "events" / _ABOUT).read_text(encoding="utf-8"))
    return EventsVersion(md5=md5, **about)


def require_same(version: EventsVersion, site: SiteData) -> None:
    """Check that the store still gives what a version holds.

    Raises:
        UsageError: It does not: somebody was erased since.
    """
    if site.additions.digest != version.digest:
        raise UsageError(
            "the event store does not give this version any more, since somebody was erased",
            place="events_version",
            value=json.dumps(asdict(version)),
            remedy="Make a new version: run the monitoring again, or leave the setting out.",
        )


def _write(file: Path, head: str, columns: tuple[np.ndarray, ...]) -> None:
    rows = zip(*(column.tolist() for column in columns), strict=True)
    text = "".join(",".join(map(repr, row)) + "\n" for row in rows)
    file.write_text(f"{head}\n{text}", encoding="utf-8")


def _dvc(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DataError(
            f"`dvc {arguments[0]}` failed: {done.stderr.strip()}",
            place=str(folder),
            remedy="Free the disk, or remove the folder; the next version makes it anew.",
        )
