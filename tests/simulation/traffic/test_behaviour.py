from __future__ import annotations

from collections import Counter

import numpy as np

from simulation.floor import rating_moments
from simulation.traffic.audience import Audience
from simulation.traffic.behaviour import Action, Viewer, examination


def viewer_of(audience: Audience, taking: float) -> Viewer:
    return Viewer(audience, 0, np.full(audience.movie_ids.size, taking))


def test_what_stands_higher_is_looked_at_more(audience: Audience) -> None:
    viewer, looked = viewer_of(audience, 0.0), Counter[int]()
    for seed in range(2000):
        for action in viewer.react(audience.movie_ids[:5], np.random.default_rng(seed)):
            assert action.kind == "impression"
            looked[action.position or 0] += 1
    shares = np.array([looked[place] for place in range(5)]) / 2000
    np.testing.assert_allclose(shares, examination(5), atol=0.04)


def test_each_thing_done_follows_from_the_one_before_and_is_not_done_again(
    audience: Audience,
) -> None:
    audience.seen[0] = False
    viewer, shown = viewer_of(audience, 1.0), audience.movie_ids[:10]
    done = viewer.react(shown, np.random.default_rng(5))
    by_kind = {
        kind: {a.movie_id for a in done if a.kind == kind}
        for kind in Counter(action.kind for action in done)
    }
    assert by_kind["rating"] < by_kind["watch"] < by_kind["click"] == by_kind["impression"]
    assert {action.movie_id for action in done} == {
        int(shown[action.position]) for action in done if action.position is not None
    }
    again = viewer.react(shown, np.random.default_rng(5))
    assert not {a.movie_id for a in again if a.kind == "click"} & by_kind["watch"]


def test_stars_are_the_hidden_taste_with_noise(audience: Audience) -> None:
    viewer = viewer_of(audience, 1.0)
    places = np.repeat(np.argsort(audience.score[0])[[0, -1]], 4000)
    given = viewer.stars(places, np.random.default_rng(1)).reshape(2, -1)
    scores, steps = audience.score[0, places[[0, -1]]], np.full(2, audience.step[0])
    expected, _ = rating_moments(scores, steps, audience.noise)
    np.testing.assert_allclose(given.mean(axis=1), expected, atol=0.05)
    assert set(np.unique(given)) <= set(np.arange(1, 11) * 0.5)


def test_own_choices_are_unseen_and_appealing(audience: Audience) -> None:
    viewer = viewer_of(audience, 1.0)
    before = audience.seen[0].copy()
    chosen = [
        action.movie_id
        for seed in range(3)
        for action in viewer.choose(np.random.default_rng(seed))
        if action.kind == "rating"
    ]
    assert len(chosen) == len(set(chosen)) > 0
    assert not before[audience.places(chosen)].any()
    assert audience.seen[0, audience.places(chosen)].all()


def test_the_same_stream_gives_the_same_visit(audience: Audience) -> None:
    def visit() -> list[Action]:
        audience.seen[0] = False
        shown = audience.movie_ids[:8]
        return viewer_of(audience, 0.5).react(shown, np.random.default_rng([1, 2]))

    first = visit()
    assert first == visit() != []
