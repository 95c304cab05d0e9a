"""When who visits: drawn before anything is sent, so that no answer can change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from recommender.errors import UsageError
from recommender.scale import FloatArray
from simulation.traffic.scenario import Scenario

VisitKind = Literal["viewer", "newcomer", "bot", "malformed"]
#: Machines that a wave of bots consists of.
N_BOTS = 20
#: Bots have ids above those of every viewer.
FIRST_BOT = 9_000_001


@dataclass(frozen=True)
class Visit:
    """One visit.

    Attributes:
        number: From 0, in order of time.
        due: When it begins, in seconds from the start.
        kind: Of whom.
        row: Which of the audience, or which bot.
        after: Whether it falls after the change of the scenario.
    """

    number: int
    due: float
    kind: VisitKind
    row: int
    after: bool


@dataclass(frozen=True)
class Traffic:
    """How much is asked for.

    Attributes:
        users: Known viewers who visit.
        newcomers: Viewers whom nobody knows, in a wave of them.
        rate: Visits a second, on average.
        seconds: For how long.
        change_at: When the scenario begins, in seconds from the start.
        seed: Of arrivals, visitors and what they feel.
    """

    users: int = 500
    newcomers: int = 500
    rate: float = 50.0
    seconds: float = 60.0
    change_at: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("users", "newcomers", "rate", "seconds"):
            if not getattr(self, name) > 0:
                raise UsageError("must be above 0", place=name, value=getattr(self, name))
        for name in ("change_at", "seed"):
            if getattr(self, name) < 0:
                raise UsageError("must not be negative", place=name, value=getattr(self, name))


def draw_schedule(traffic: Traffic, scenario: Scenario, eagerness: FloatArray) -> list[Visit]:
    """Return all visits, in order of time: a Poisson process of the asked rate.

    Args:
        traffic: How much.
        scenario: Who else comes.
        eagerness: Shape (users,), how often each known viewer comes, in any unit.
    """
    shares = np.cumsum(eagerness[: traffic.users] / eagerness[: traffic.users].sum())
    arrivals, who, kinds = (
        np.random.default_rng(child) for child in np.random.SeedSequence(traffic.seed).spawn(3)
    )
    visits: list[Visit] = []
    due = float(arrivals.exponential(1.0 / traffic.rate))
    while due < traffic.seconds:
        after = due >= traffic.change_at
        kind = _kind(scenario, float(kinds.random())) if after else "viewer"
        share = float(who.random())
        row = _row(traffic, kind, share, shares)
        visits.append(Visit(len(visits), due, kind, row, after))
        due += float(arrivals.exponential(1.0 / traffic.rate))
    return visits


def _kind(scenario: Scenario, chance: float) -> VisitKind:
    shares: tuple[tuple[VisitKind, float], ...] = (
        ("newcomer", scenario.newcomers),
        ("bot", scenario.bots),
        ("malformed", scenario.malformed),
    )
    for kind, share in shares:
        if chance < share:
            return kind
        chance -= share
    return "viewer"


def _row(traffic: Traffic, kind: VisitKind, share: float, shares: FloatArray) -> int:
    """Return which of the audience, whose newcomers follow the known viewers."""
    if kind == "newcomer":
        return traffic.users + int(share * traffic.newcomers)
    if kind == "bot":
        return int(share * N_BOTS)
    return min(int(np.searchsorted(shares, share, side="right")), traffic.users - 1)
