"""The server is killed under event load; what it has acknowledged is there, once."""

from __future__ import annotations

import http.client
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event as Flag

import pytest

from events.store import EventStore
from tests.serving.running import Running, children, kill, lives, running, wait_for

COMMAND = ["-m", "serving", "--without-publisher"]
#: What dies each time: one of the workers, gunicorn's own process, or everything at once.
VICTIMS = ("worker",) * 6 + ("arbiter",) * 2 + ("everything",) * 2


class Client:
    """Sends events of one user, again and again until they are acknowledged."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.server: Running | None = None
        self.acknowledged: list[str] = []
        self.again = 0

    def run(self, stop: Flag) -> None:
        batch: list[str] = []
        number = 0
        while not stop.is_set() or batch:
            if not batch:
                batch = [f"event-{self.user_id}-{number + place}" for place in range(3)]
                number += 3
            if self._is_acknowledged(batch):
                self.acknowledged += batch
                batch = []
            else:
                self.again += 1
                stop.wait(0.02)

    def _is_acknowledged(self, batch: Sequence[str]) -> bool:
        body = [
            {
                "event_id": event_id,
                "kind": "watchlist",
                "user_id": self.user_id,
                "movie_id": 1 + place,
                "occurred_at": "2026-01-01T00:00:00Z",
            }
            for place, event_id in enumerate(batch)
        ]
        assert self.server is not None
        try:
            status, answer = self.server.ask("POST", "/v1/events", body)
        except (OSError, http.client.HTTPException):
            return False
        assert status in {202, 503}, answer
        return bool(status == 202)


def strike(server: Running, victim: str, chance: random.Random) -> bool:
    """Kill something, and say whether the whole server is dead."""
    arbiters = children(server.process.pid)
    if victim == "worker":
        kill(chance.choice(sorted(server.workers())))
    elif victim == "arbiter":
        for arbiter in arbiters:
            kill(arbiter)
    else:
        family = [server.process.pid, *arbiters, *server.workers()]
        for pid in family:
            kill(pid)
        server.process.wait()
        wait_for(lambda: not any(lives(pid) for pid in family))
        return True
    return False


@pytest.mark.e2e
def test_every_acknowledged_event_outlives_ten_kills(tmp_path: Path) -> None:
    chance, stop = random.Random(11), Flag()  # noqa: S311 - moments, no secrets
    victims = chance.sample(VICTIMS, len(VICTIMS))
    clients = [Client(user_id) for user_id in range(1, 5)]
    with ThreadPoolExecutor(len(clients)) as pool:
        work = []
        try:
            while victims:
                with running(tmp_path, COMMAND) as server:
                    server.wait_until_ready("/health/live")
                    for client in clients:
                        client.server = server
                    work = work or [pool.submit(client.run, stop) for client in clients]
                    while victims and not strike_and_wait(server, victims.pop(), clients, chance):
                        pass
            with running(tmp_path, COMMAND) as server:
                server.wait_until_ready("/health/live")
                for client in clients:
                    client.server = server
                stop.set()
                for done in work:
                    done.result(60)
        finally:
            stop.set()
    store = EventStore(f"sqlite:///{tmp_path / 'events' / 'events.db'}")
    for client in clients:
        stored = Counter(event.event_id for event in store.user(client.user_id).events)
        assert stored == Counter(client.acknowledged)
    store.close()
    assert sum(client.again for client in clients) > 0, "some requests must have been cut off"


def strike_and_wait(
    server: Running, victim: str, clients: Sequence[Client], chance: random.Random
) -> bool:
    """Let some events through, kill something, and say whether the whole server is dead."""
    before = [len(client.acknowledged) for client in clients]
    wait_for(
        lambda: all(
            len(client.acknowledged) > old for client, old in zip(clients, before, strict=True)
        ),
        server.explain,
    )
    wait_for(server.workers, server.explain)
    Flag().wait(chance.uniform(0.0, 0.3))
    return strike(server, victim, chance)
