"""What viewers have seen on the site before: they remember it, as the server does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import local

import numpy as np

from simulation.traffic.audience import Audience
from simulation.traffic.connection import Connection, Target
from simulation.traffic.record import Record

_SEEN = ("watch", "rating")


def recall(audience: Audience, target: Target, record: Record, connections: int) -> None:
    """Note as seen what the server knows that viewers watched or rated in earlier drives.

    Without it, a film that the server rightly leaves out would count among the best unseen ones.

    Args:
        audience: Whose memory is refreshed.
        target: The server.
        record: Where requests are noted, as the step ``recall``.
        connections: Most requests at once.
    """
    own = local()

    def ask(row: int) -> None:
        if not hasattr(own, "connection"):
            own.connection = Connection(target)
        begun = time.perf_counter()
        answer = own.connection.ask("GET", f"/v1/users/{audience.user_ids[row]}")
        record.answered("recall", time.perf_counter() - begun, answer)
        if answer.failure is None:
            events = answer.body["events"]
            films = [event["movie_id"] for event in events if event["kind"] in _SEEN]
            audience.seen[row] |= np.isin(audience.movie_ids, films)

    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(ask, range(audience.n_users)))
