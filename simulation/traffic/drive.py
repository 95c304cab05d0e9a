"""Drives a server: visits begin when they are due, whether or not it keeps up."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from recommender.errors import RouletteError
from simulation.catalogue import read_catalogue
from simulation.parameters import SimulationParameters
from simulation.ratings import Simulation, simulate
from simulation.traffic.audience import Audience
from simulation.traffic.connection import Connection, Target
from simulation.traffic.memory import recall
from simulation.traffic.record import Record, percentiles
from simulation.traffic.scenario import Scenario
from simulation.traffic.schedule import Traffic, Visit, draw_schedule
from simulation.traffic.visitor import Mind, Visitors

#: Most viewers who are asked about at once, before the first visit.
_RECALLING = 4
#: Most visits under way at once; more wait, and their wait counts.
CONNECTIONS = 32


class Drive:
    """One run of simulated traffic.

    The arrivals are open: a visit is due whether or not those before it were answered. At most
    ``connections`` are under way; a visit that waits for one has its latency counted from when it
    was due, so that a slow server is not measured by the few requests that it lets through
    (coordinated omission).

    Args:
        target: The server.
        traffic: How much.
        scenario: What changes.
        catalogue: Frame of `read_catalogue`, from which the world was drawn.
        world: Whose viewers; that of the sample unless given.
        connections: Most visits at once.
    """

    def __init__(
        self,
        target: Target,
        traffic: Traffic,
        scenario: Scenario,
        *,
        catalogue: pd.DataFrame | None = None,
        world: Simulation | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        if catalogue is None:
            catalogue = read_catalogue()
        if world is None:
            world = simulate(catalogue, SimulationParameters())
        audience = Audience.of(world, traffic.users)
        if scenario.newcomers:
            new = Audience.newcomers(world, traffic.newcomers, traffic.seed)
            audience = audience.joined(new)
        before = Mind.of(audience)
        changed = scenario.changes_taste
        after = Mind.of(audience.changed(scenario, world, traffic.seed)) if changed else before
        self.record = Record()
        self._target, self._traffic, self._scenario = target, traffic, scenario
        self._connections = connections
        titles = dict(zip(catalogue["movie_id"].tolist(), catalogue["title"], strict=True))
        run = f"sim-{traffic.seed}-{secrets.token_hex(4)}"
        self._visitors = Visitors(before, after, titles, self.record, traffic.seed, run)
        self.visits = draw_schedule(traffic, scenario, audience.eagerness())
        self._stop = threading.Event()
        self._error: RouletteError | None = None

    def run(self) -> None:
        """Make every visit, and return when the last one has ended.

        Raises:
            UsageError: The server recommends films that no viewer knows.
            KeyboardInterrupt: It was interrupted; visits under way are finished.
        """
        recall(self._visitors.before.audience, self._target, self.record, _RECALLING)
        begin, waiting = time.perf_counter(), iter(self.visits)
        taking = threading.Lock()
        threads = [
            threading.Thread(target=self._work, args=(waiting, taking, begin), daemon=True)
            for _ in range(min(self._connections, max(len(self.visits), 1)))
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self._stop.set()
            for thread in threads:
                thread.join()
            raise
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Let `run` begin no further visit; to be called from another thread."""
        self._stop.set()

    def report(self) -> dict[str, Any]:
        """Return everything that is known of the drive, as plain values."""
        record = self.record
        return {
            "scenario": self._scenario.meaning,
            "traffic": asdict(self._traffic),
            "connections": self._connections,
            "visits": {"due": len(self.visits), **dict(record.visits)},
            "late_starts": percentiles(record.lateness) if record.lateness else {},
            "requests": record.requests(),
            "failed_requests": record.n_failed,
            "failed": {f"{step}: {kind}": n for (step, kind), n in sorted(record.failed.items())},
            "reopened_connections": record.reopened,
            "events": {"accepted": record.accepted, **dict(sorted(record.done.items()))},
            "malformed": {
                "sent": sum(record.malformed.values()),
                "not_refused": record.n_taken,
                "by_fault": {
                    f"{fault}: {outcome}": n
                    for (fault, outcome), n in sorted(record.malformed.items())
                },
            },
            "truth": record.truth(),
            "timeline": record.timeline(self._traffic.seconds),
        }

    def _work(self, waiting: Iterator[Visit], taking: threading.Lock, begin: float) -> None:
        connection = Connection(self._target)
        try:
            while not self._stop.is_set():
                with taking:
                    visit = next(waiting, None)
                if visit is None:
                    return
                due = begin + visit.due
                if self._stop.wait(max(due - time.perf_counter(), 0.0)):
                    return
                self._visitors.make(visit, connection, due)
        except RouletteError as error:
            self._error = error
            self._stop.set()
        finally:
            self.record.closed(connection.reopened)
            connection.close()
