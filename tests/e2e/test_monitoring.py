"""A round of monitoring as its users run it: new ratings, a retraining, and the next round."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from events.migrate import migrate
from events.schema import Event, EventKind
from events.store import EventStore
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from tests.e2e.pipeline_process import REPO, process_environment, run, small_run, warm
from tests.e2e.registry_state import read_state

pytestmark = pytest.mark.e2e


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """A state folder of this test alone, in which models change."""
    with warm(tmp_path / "var"):
        yield tmp_path / "var"


def test_a_retraining_learns_from_the_site_and_leaves_the_checkout_alone(
    var: Path, small_data: Path
) -> None:
    assert small_run(var, small_data).code == 0
    command = [sys.executable, "-m", "tracking.publish", "--once"]
    subprocess.run(command, cwd=REPO, env=process_environment(var), check=True, timeout=120)
    url = f"sqlite:///{var / 'events' / 'events.db'}"
    migrate(url)
    store, now = EventStore(url), datetime.now(UTC)
    ratings = pd.read_csv(small_data / "ratings.csv").sample(500, random_state=1)
    # Newcomers of a known taste: each has that of somebody else.
    rows = zip(ratings["userId"] + 10_000, ratings["movieId"], ratings["rating"], strict=True)
    store.append(
        [
            Event(f"e{number}", EventKind.RATING, int(user), int(movie), now, float(stars))
            for number, (user, movie, stars) in enumerate(rows)
        ]
    )
    store.close()
    recorded = (REPO / "data.dvc").read_bytes()
    data = ("--dataset", "small", "--data-path", str(small_data))
    done = run(var, "monitoring", *data, "--retrain", "--json")
    assert done.code == 0, done.stderr
    outcome = done.json
    assert outcome["retrain"], outcome
    journal = Journal(MonitoringFolders(var / "monitoring").journal)
    ended = journal.retrainings()[0]
    assert ended.outcome in ("promoted", "rejected"), ended.record
    assert ended.data.ratings == 500
    state = read_state(var)
    assert len(state.versions) == 2
    promoted = ended.outcome == "promoted"
    assert state.aliases["production"] == ("2" if promoted else "1")
    assert (journal.state().refused_data is None) is promoted
    rules = {reason["rule"] for reason in ended.record["reasons"]}
    assert {"ndcg_at_10", "rmse"} <= rules
    version = (var / "monitoring" / "versions" / "events.dvc").read_text(encoding="utf-8")
    assert ended.record["version"] == "2"
    assert "md5" in version
    assert (REPO / "data.dvc").read_bytes() == recorded
    # Nothing has drifted, so the next round does nothing.
    quiet = run(var, "monitoring", *data)
    assert quiet.code == 0, quiet.stderr
    assert "No retraining." in quiet.stderr
    assert len(journal.retrainings()) == 1
