"""The real server under simulated visits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from recommender.bundle import Bundle
from recommender.errors import UsageError
from recommender.publication import PublishedFolder
from simulation.ratings import Simulation
from simulation.traffic.connection import Connection, Target
from simulation.traffic.drive import Drive
from simulation.traffic.malformed import FAULTS, malformed_body
from simulation.traffic.scenario import SCENARIOS
from simulation.traffic.schedule import Traffic
from tests.serving.running import Running, free_port, publish, running

COMMAND = ["-m", "serving", "--without-publisher"]


@pytest.fixture(scope="module")
def server(tiny_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("driven")
    publish(PublishedFolder(folder / "published"), tiny_bundle, "7")
    with running(folder, COMMAND, {"MOVIE_ROULETTE_WEB__WORKERS": "1"}) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(autouse=True)
def _nobody_has_seen_anything(server: Running) -> None:
    """There are thirty films, which the drives of this module would use up."""
    connection = Connection(Target("127.0.0.1", server.port))
    for user_id in range(1, 51):
        assert connection.ask("DELETE", f"/v1/users/{user_id}").failure is None
    connection.close()


def drive(
    server: Running, catalogue: pd.DataFrame, world: Simulation, name: str, seed: int
) -> Drive:
    traffic = Traffic(users=30, newcomers=10, rate=60.0, seconds=1.0, change_at=0.4, seed=seed)
    made = Drive(
        Target("127.0.0.1", server.port),
        traffic,
        SCENARIOS[name],
        catalogue=catalogue,
        world=world,
        connections=8,
    )
    made.run()
    return made


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_visit_is_made_answered_and_judged(
    server: Running, tiny_catalogue: pd.DataFrame, tiny_world: Simulation, name: str
) -> None:
    made = drive(server, tiny_catalogue, tiny_world, name, seed=list(SCENARIOS).index(name))
    found = made.report()
    kinds = [visit.kind for visit in made.visits]
    assert found["failed"] == {}
    assert sum(count for key, count in found["visits"].items() if key != "due") == len(kinds)
    events = {key: n for key, n in found["events"].items() if key != "accepted"}
    assert found["events"]["accepted"] == sum(events.values())
    judged = {(row["model_version"], row["phase"], row["viewers"]) for row in found["truth"]}
    assert ("7", "before", "viewer") in judged
    assert ("7", "after", "newcomer") in judged or name != "cold-wave"
    for row in found["truth"]:
        assert 0.0 <= row["ndcg"] <= 1.0
        assert row["regret"] >= 0.0
    assert found["malformed"]["sent"] == kinds.count("malformed")
    assert found["malformed"]["not_refused"] == 0
    assert found["requests"]["list"]["max_ms"] >= found["requests"]["list"]["p50_ms"] > 0


def test_what_viewers_do_is_stored_with_its_list_and_place(
    server: Running, tiny_catalogue: pd.DataFrame, tiny_world: Simulation
) -> None:
    made = drive(server, tiny_catalogue, tiny_world, "steady", seed=50)
    run = made._visitors.run
    with sqlite3.connect(server.folder / "events" / "events.db") as store:
        rows = store.execute(
            "SELECT kind, recommendation_id IS NULL, position IS NULL, COUNT(*) FROM events "
            "WHERE event_id LIKE ? GROUP BY 1, 2, 3",
            (f"{run}-%",),
        ).fetchall()
    assert sum(row[-1] for row in rows) == made.record.accepted
    assert {row[:3] for row in rows} >= {
        ("impression", 0, 0),
        ("click", 0, 0),
        ("rating", 1, 1),
    }
    assert all(row[1] == row[2] for row in rows)


def test_viewers_remember_what_they_saw_in_an_earlier_drive(
    server: Running, tiny_catalogue: pd.DataFrame, tiny_world: Simulation
) -> None:
    first = drive(server, tiny_catalogue, tiny_world, "steady", seed=60)
    second = drive(server, tiny_catalogue, tiny_world, "steady", seed=61)
    before, after = (made._visitors.before.audience for made in (first, second))
    assert (after.seen | ~before.seen).all()
    assert after.seen.sum() > before.seen.sum()


def test_every_kind_of_broken_request_is_refused(server: Running) -> None:

    connection, rng, found = (
        Connection(Target("127.0.0.1", server.port)),
        np.random.default_rng(1),
        {},
    )
    while len(found) < len(FAULTS):
        fault, body = malformed_body("m-1", 1, 1, "2026-01-01T00:00:00Z", rng)
        if fault not in found:
            found[fault] = connection.ask("POST", "/v1/events", body).status
    connection.close()
    assert {fault: status for fault, status in found.items() if status not in (400, 422)} == {}


def test_a_model_of_other_films_ends_the_drive(server: Running) -> None:
    traffic = Traffic(users=40, rate=100.0, seconds=30.0)
    made = Drive(Target("127.0.0.1", server.port), traffic, SCENARIOS["steady"], connections=2)
    with pytest.raises(UsageError, match="trained on the sample"):
        made.run()


def test_a_server_that_is_gone_is_counted_not_fatal(
    tiny_catalogue: pd.DataFrame, tiny_world: Simulation
) -> None:
    traffic = Traffic(users=5, rate=50.0, seconds=0.2)
    made = Drive(
        Target("127.0.0.1", free_port()),
        traffic,
        SCENARIOS["steady"],
        catalogue=tiny_catalogue,
        world=tiny_world,
    )
    made.run()
    found = made.report()
    assert found["failed"]["list: ConnectionRefusedError"] == len(made.visits) > 0
    assert found["truth"] == []
