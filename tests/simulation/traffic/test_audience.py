from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import UsageError
from simulation.ratings import Simulation
from simulation.traffic.audience import Audience
from simulation.traffic.scenario import SCENARIOS, Scenario, scenario


def test_the_viewers_are_those_who_were_there_last(tiny_world: Simulation) -> None:
    last = tiny_world.ratings.groupby("user_id")["timestamp"].max()
    found = Audience.of(tiny_world, 10)
    assert last[found.user_ids].min() >= last.drop(found.user_ids).max()
    rated = tiny_world.ratings.query("user_id == @found.user_ids[3]")["movie_id"]
    assert set(found.movie_ids[found.seen[3]]) == set(rated)
    with pytest.raises(UsageError, match="1 to 40 viewers"):
        Audience.of(tiny_world, 41)


def test_scores_and_appeal_are_those_of_the_world(tiny_world: Simulation) -> None:
    found, viewers = Audience.of(tiny_world, 10), tiny_world.viewers
    user, movie = int(found.user_ids[4]), int(found.movie_ids[7])
    moment = float(viewers.parameters.end)
    assert found.score[4, 7] == pytest.approx(viewers.true_score([user], [movie], moment)[0])
    appeal = viewers.appeal(np.array([user - 1]), np.array([moment]))
    np.testing.assert_allclose(found.appeal[4], appeal[0])


def test_newcomers_have_ids_of_their_own_and_have_seen_nothing(tiny_world: Simulation) -> None:
    new = Audience.newcomers(tiny_world, 5, seed=1)
    assert new.user_ids.tolist() == [41, 42, 43, 44, 45]
    assert not new.seen.any()
    both = Audience.of(tiny_world, 10).joined(new)
    assert both.n_users == 15
    assert both.seen.shape == both.appeal.shape == both.score.shape == (15, 30)
    assert Audience.newcomers(tiny_world, 5, seed=2).score[0, 0] != new.score[0, 0]


def test_a_taste_that_shifts_leaves_what_was_seen_and_favours_old_films(
    audience: Audience, tiny_world: Simulation
) -> None:
    after = audience.changed(SCENARIOS["taste-shift"], tiny_world, seed=1)
    assert after.seen is audience.seen
    assert not np.array_equal(after.appeal, audience.appeal)
    oldest = after.appeal[:, 0] - after.appeal[:, -1]
    assert (oldest > audience.appeal[:, 0] - audience.appeal[:, -1]).mean() > 0.6
    same = audience.changed(SCENARIOS["taste-shift"], tiny_world, seed=1)
    np.testing.assert_array_equal(same.score, after.score)


def test_exposure_draws_without_being_liked(audience: Audience, tiny_world: Simulation) -> None:
    after = audience.changed(SCENARIOS["new-releases"], tiny_world, seed=1)
    np.testing.assert_array_equal(after.score, audience.score)
    assert (after.appeal[:, -1] > audience.appeal[:, -1]).all()
    assert (after.appeal[:, 0] < audience.appeal[:, 0]).all()


def test_swapped_viewers_have_somebody_elses_taste(
    audience: Audience, tiny_world: Simulation
) -> None:
    after = audience.changed(Scenario("", swapped=1.0), tiny_world, seed=1)
    assert not (after.appeal == audience.appeal).all(axis=1).any()
    assert sorted(after.appeal[:, 3]) == sorted(audience.appeal[:, 3])


def test_films_at_the_own_top_are_taken_half_of_the_time(audience: Audience) -> None:
    taking = audience.taking()
    assert ((taking >= 0) & (taking <= 1)).all()
    assert ((taking > 0.5).sum(axis=1) == 2).all()
    order = np.argsort(audience.appeal[0])
    assert (np.diff(taking[0][order]) >= 0).all()


def test_a_film_of_another_world_is_refused(audience: Audience) -> None:
    with pytest.raises(UsageError, match=r"do not know \(found 31\).*trained on the sample"):
        audience.places([1, 31])


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(UsageError, match="steady"):
        scenario("calm")
