"""Two models on the same real requests, and what the gate makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.migrate import migrate
from events.real_requests import recent_requests
from events.records import ServedList
from events.store import EventStore
from recommender.bundle import Bundle
from recommender.evaluation.gate import ProductionEvidence, should_promote
from recommender.evaluation.judge import Judge, Shadow
from recommender.evaluation.shadow import RealRequest, ShadowReport, compare_in_shadow
from recommender.inference import Recommender
from recommender.schema import Split
from recommender.settings import GateSettings
from tests.events.conftest import make_event
from tests.recommender.evaluation.test_gate import OLDER, candidate, failed_rules, report_of
from tests.recommender.evaluation.test_judge import Production, rewritten

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EQUAL = ShadowReport(100, 0.9, 4.0, 4.0, 2.0, 2.0)


def test_a_model_answers_as_itself(tiny_bundle: Bundle) -> None:
    model = Recommender.from_bundle(tiny_bundle)
    movie = int(model.movie_ids[0])
    requests = [RealRequest(int(model.user_ids[0]), 3), RealRequest(None, 3, (movie,), (99.0,))]
    found = compare_in_shadow(model, model, requests)
    assert found is not None
    assert (found.requests, found.overlap) == (2, 1.0)
    assert found.candidate_engagement == found.production_engagement
    assert model.scale.minimum <= found.candidate_engagement <= model.scale.maximum
    assert compare_in_shadow(model, model, []) is None


def test_a_list_of_nothing_promises_nothing(tiny_bundle: Bundle) -> None:
    model = Recommender.from_bundle(tiny_bundle)
    everything = tuple(model.movie_ids.tolist())
    found = compare_in_shadow(
        model, model, [RealRequest(None, 3, everything, (None,) * len(everything))]
    )
    assert found is not None
    assert found.candidate_engagement == model.scale.minimum


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"candidate_engagement": 3.9}, True),
        ({"candidate_engagement": 3.89}, False),
        ({"candidate_ms": 9.9}, True),
        ({"candidate_ms": 29.0, "production_ms": 9.0}, False),
        ({"candidate_ms": 27.0, "production_ms": 9.0}, True),
        ({"candidate_engagement": 1.0, "requests": 49}, True),
    ],
)
def test_what_real_requests_show_is_a_rule_of_the_gate(
    changes: dict[str, float], *, passes: bool
) -> None:
    shadow = replace(EQUAL, **changes)  # type: ignore[arg-type]
    production = ProductionEvidence("3", OLDER, report_of(), None, shadow)
    decision = should_promote(candidate(), production, GateSettings())
    assert failed_rules(decision) == (set() if passes else {"shadow"})


def test_the_judge_asks_both_models(tiny_bundle: Bundle, tiny_split: Split, tmp_path: Path) -> None:
    requests = [RealRequest(None, 3)]
    judge = Judge(candidate(), tiny_split, GateSettings(), Shadow(tiny_bundle, requests))
    older = rewritten(tiny_bundle, tmp_path / "older")
    rules = {reason.rule for reason in judge.decide(Production("1", older)).reasons}
    assert "shadow" in rules
    broken = rewritten(tiny_bundle, tmp_path / "broken", without=("ials.gram",))
    rules = {reason.rule for reason in judge.decide(Production("1", broken)).reasons}
    assert "shadow" not in rules
    silent = Judge(candidate(), tiny_split, GateSettings(), Shadow(tiny_bundle, ()))
    rules = {reason.rule for reason in silent.decide(Production("1", older)).reasons}
    assert "shadow" not in rules


def test_requests_of_the_last_day_come_with_their_history_of_then(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.db'}"
    migrate(url)
    store = EventStore(url)

    def served(
        name: str, hours: float, user: int | None, watermark: int, **request: object
    ) -> None:
        when = NOW - timedelta(hours=hours)
        asked = {"k": 5, **request}
        store.record_served([ServedList(name, when, user, "1", "d", asked, watermark, [])])

    store.append(
        [make_event("e1", user_id=1, movie_id=10), make_event("e2", user_id=1, movie_id=11)]
    )
    served("old", 30, 1, 2)
    served("user", 3, 1, 1)
    served("visitor", 2, None, 0, movie_ids=[7], ratings=[3.5])
    served("narrow", 1, 1, 1, genres=["Drama"])
    found = recent_requests(store, NOW, 100)
    assert found == (RealRequest(1, 5, (10,), (4.0,)), RealRequest(None, 5, (7,), (3.5,)))
    assert len(recent_requests(store, NOW, 1)) == 1
    store.close()
