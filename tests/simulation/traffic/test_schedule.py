from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import UsageError
from simulation.traffic.scenario import SCENARIOS
from simulation.traffic.schedule import Traffic, draw_schedule

TRAFFIC = Traffic(users=10, newcomers=4, rate=200.0, seconds=20.0, change_at=5.0, seed=3)
EVEN = np.ones(14)


def test_arrivals_are_a_poisson_process_of_the_asked_rate() -> None:
    visits = draw_schedule(TRAFFIC, SCENARIOS["steady"], EVEN)
    gaps = np.diff([visit.due for visit in visits])
    assert len(visits) == pytest.approx(4000, rel=0.06)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.06)
    assert visits[-1].due < 20.0
    assert {visit.row for visit in visits} == set(range(10))


def test_eager_viewers_come_more_often() -> None:
    eagerness = np.array([9.0, *[1.0] * 9, 5.0, 5.0])
    rows = [visit.row for visit in draw_schedule(TRAFFIC, SCENARIOS["steady"], eagerness)]
    assert rows.count(0) / len(rows) == pytest.approx(0.5, abs=0.04)
    assert max(rows) == 9


def test_a_seed_says_who_comes_when() -> None:
    first, second = (draw_schedule(TRAFFIC, SCENARIOS["bots"], EVEN) for _ in range(2))
    assert first == second
    other = Traffic(10, 4, 200.0, 20.0, 5.0, seed=4)
    assert draw_schedule(other, SCENARIOS["bots"], EVEN) != first


@pytest.mark.parametrize(
    ("name", "kind", "share"),
    [("cold-wave", "newcomer", 0.7), ("bots", "bot", 0.5), ("bad-data", "malformed", 0.3)],
)
def test_the_scenario_begins_at_its_moment(name: str, kind: str, share: float) -> None:
    visits = draw_schedule(TRAFFIC, SCENARIOS[name], EVEN)
    assert {visit.kind for visit in visits if visit.due < 5.0} == {"viewer"}
    later = [visit.kind for visit in visits if visit.after]
    assert later.count(kind) / len(later) == pytest.approx(share, abs=0.05)  # type: ignore[arg-type]
    newcomers = [visit.row for visit in visits if visit.kind == "newcomer"]
    assert set(newcomers) <= {10, 11, 12, 13}


@pytest.mark.parametrize("change", [{"rate": 0.0}, {"seconds": -1.0}, {"seed": -1}, {"users": 0}])
def test_traffic_that_cannot_be_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        Traffic(**change)  # type: ignore[arg-type]
