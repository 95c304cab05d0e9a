"""One visit over one connection: what is asked, looked at, done and sent."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import quote

import numpy as np

from recommender.scale import FloatArray, RatingScale
from simulation.traffic.audience import Audience
from simulation.traffic.behaviour import Action, Viewer
from simulation.traffic.connection import Answer, Connection
from simulation.traffic.malformed import malformed_body
from simulation.traffic.record import Record
from simulation.traffic.schedule import FIRST_BOT, Visit
from simulation.traffic.truth import quality

#: Share of visits on which a viewer types the beginning of a title.
_SEARCHING = 0.15
_BOT_LISTS, _BOT_RATINGS = 5, 20


@dataclass(frozen=True, eq=False)
class Mind:
    """An audience with what follows from its taste.

    Attributes:
        audience: Who.
        taking: Shape (n, m), probability of taking a film that is looked at.
        worth: Shape (n, m), what a look is worth.
    """

    audience: Audience
    taking: FloatArray
    worth: FloatArray

    @classmethod
    def of(cls, audience: Audience) -> Mind:
        """Return an audience with what follows from its taste."""
        return cls(audience, audience.taking(), audience.worth())


@dataclass(frozen=True, eq=False)
class Visitors:
    """Makes visits.

    Attributes:
        before: The audience until the change of the scenario.
        after: The same viewers from then on.
        titles: Of the films, by id.
        record: What is noted.
        seed: Of what is felt; every visit has a stream of its own.
        run: Begins the ids of this drive's events, so that no other drive has sent them.
        list_length: Films asked for.
    """

    before: Mind
    after: Mind
    titles: Mapping[int, str]
    record: Record
    seed: int
    run: str
    list_length: int = 20
    _feeling: Lock = field(default_factory=Lock)

    def make(self, visit: Visit, connection: Connection, due: float) -> None:
        """Make one visit.

        Args:
            visit: Whose.
            connection: Over which.
            due: When it should begin, on `time.perf_counter`; waits count from then.

        Raises:
            UsageError: The server recommends films that no viewer knows.
        """
        self.record.began(visit, time.perf_counter() - due)
        rng = np.random.default_rng([self.seed, visit.number])
        if visit.kind == "malformed":
            self._malform(visit, connection, due, rng)
        elif visit.kind == "bot":
            self._hammer(visit, connection, due, rng)
        else:
            self._watch(visit, connection, due, rng)

    def _watch(
        self, visit: Visit, connection: Connection, due: float, rng: np.random.Generator
    ) -> None:
        mind = self.after if visit.after else self.before
        user_id = int(mind.audience.user_ids[visit.row])
        answer = self._ask_list(connection, user_id, due)
        viewer = Viewer(mind.audience, visit.row, mind.taking[visit.row])
        shown, list_id = _shown(answer)
        with self._feeling:
            if shown.size:
                self._judge(visit, mind, shown, answer.body["model_version"])
            reacted = viewer.react(shown, rng) if shown.size else []
            chosen = viewer.choose(rng)
        if chosen and rng.random() < _SEARCHING:
            self._search(connection, self.titles[chosen[0].movie_id], rng)
        self._send(visit, connection, user_id, [*reacted, *chosen], list_id)

    def _judge(self, visit: Visit, mind: Mind, shown: np.ndarray, version: str | None) -> None:
        row, audience = visit.row, mind.audience
        places = audience.places(shown)
        found = quality(places, audience.score[row], mind.worth[row], audience.seen[row])
        self.record.shown(visit, version, found)

    def _hammer(
        self, visit: Visit, connection: Connection, due: float, rng: np.random.Generator
    ) -> None:
        user_id = FIRST_BOT + visit.row
        for _ in range(_BOT_LISTS):
            self._ask_list(connection, user_id, due)
            due = time.perf_counter()
        films = rng.choice(self.before.audience.movie_ids, _BOT_RATINGS, replace=False)
        stars = rng.integers(1, 1 + round(RatingScale().maximum), _BOT_RATINGS)
        rated = zip(films.tolist(), stars.tolist(), strict=True)
        actions = [Action("rating", film, float(given)) for film, given in rated]
        self._send(visit, connection, user_id, actions, None)

    def _malform(
        self, visit: Visit, connection: Connection, due: float, rng: np.random.Generator
    ) -> None:
        audience = self.before.audience
        fault, body = malformed_body(
            f"{self.run}-{visit.number}-x",
            int(audience.user_ids[visit.row]),
            int(rng.choice(audience.movie_ids)),
            _now(),
            rng,
        )
        answer = connection.ask("POST", "/v1/events", body)
        self.record.refused(fault, answer)
        # Refusing is what it should do; only an answer that is none counts as failed.
        kept = answer if answer.status is None else Answer(answer.status)
        self.record.answered("malformed", time.perf_counter() - due, kept)

    def _ask_list(self, connection: Connection, user_id: int, due: float) -> Answer:
        path = f"/v1/recommendations/{user_id}?k={self.list_length}"
        answer = connection.ask("GET", path)
        self.record.answered("list", time.perf_counter() - due, answer)
        return answer

    def _search(self, connection: Connection, title: str, rng: np.random.Generator) -> None:
        typed = title[: int(rng.integers(3, 13))].strip()
        begun = time.perf_counter()
        answer = connection.ask("GET", f"/v1/movies?query={quote(typed)}&limit=10")
        self.record.answered("search", time.perf_counter() - begun, answer)

    def _send(
        self,
        visit: Visit,
        connection: Connection,
        user_id: int,
        actions: Sequence[Action],
        list_id: str | None,
    ) -> None:
        if not actions:
            return
        now, run = _now(), f"{self.run}-{visit.number}"
        events = [
            event(action, f"{run}-{place}", user_id, list_id, now)
            for place, action in enumerate(actions)
        ]
        begun = time.perf_counter()
        answer = connection.ask("POST", "/v1/events", json.dumps(events).encode())
        self.record.answered("events", time.perf_counter() - begun, answer)
        if answer.failure is None:
            self.record.stored(actions, int(answer.body["accepted"]))


def event(
    action: Action, event_id: str, user_id: int, list_id: str | None, now: str
) -> dict[str, Any]:
    """Return an action as the server takes it; one on a list names it and the place."""
    found: dict[str, Any] = {
        "event_id": event_id,
        "kind": action.kind,
        "user_id": user_id,
        "movie_id": action.movie_id,
        "occurred_at": now,
    }
    if action.value is not None:
        found["value"] = action.value
    if action.position is not None:
        found |= {"recommendation_id": list_id, "position": action.position}
    return found


def _shown(answer: Answer) -> tuple[np.ndarray, str | None]:
    """Return the films of a list and its id; none where there was no list."""
    if answer.failure is not None:
        return np.empty(0, dtype=np.int64), None
    items = [item["movie_id"] for item in answer.body["items"]]
    return np.array(items, dtype=np.int64), answer.body["recommendation_id"]


def _now() -> str:
    return datetime.now(UTC).isoformat()
