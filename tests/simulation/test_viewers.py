"""Viewers of known taste, as a driver of live traffic uses them."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.errors import UsageError
from simulation.ratings import Simulation

LATE = 1_700_000_000


def test_true_score_is_the_score_behind_the_ratings(small_world: Simulation) -> None:
    ratings = small_world.ratings
    scores = small_world.viewers.true_score(
        ratings["user_id"], ratings["movie_id"], ratings["timestamp"]
    )
    np.testing.assert_array_equal(scores, small_world.scores)
    one = small_world.viewers.true_score([1], ratings["movie_id"][:1], ratings["timestamp"][0])
    assert one == pytest.approx(scores[:1])


def test_taste_turns_slowly_and_keeps_its_strength(world: Simulation) -> None:
    viewers = world.viewers
    movies = np.repeat(viewers.films.movie_ids[:1], len(viewers.user_ids))
    early = viewers.true_score(viewers.user_ids, movies, viewers.parameters.start)
    late = viewers.true_score(viewers.user_ids, movies, viewers.parameters.end)
    assert 0.9 < np.corrcoef(early, late)[0, 1] < 1.0
    assert late.std() == pytest.approx(early.std(), rel=0.1)


def test_choices_follow_the_multinomial_logit(small_world: Simulation) -> None:
    viewers = small_world.viewers
    candidates = viewers.films.movie_ids[:4]
    rng = np.random.default_rng(5)
    chosen = [viewers.choose(3, candidates, LATE, rng) for _ in range(3000)]
    weights = np.exp(viewers.appeal(np.array([2]), np.array([float(LATE)]))[0, :4])
    found = np.array([chosen.count(movie) for movie in candidates]) / len(chosen)
    assert found == pytest.approx(weights / weights.sum(), abs=0.03)


def test_films_not_yet_released_are_never_taken(small_world: Simulation) -> None:
    viewers = small_world.viewers
    films = viewers.films
    start = viewers.parameters.start
    coming = films.movie_ids[films.released > start]
    there = films.movie_ids[films.released < start][:1]
    rng = np.random.default_rng(5)
    offer = np.r_[coming, there]
    assert {viewers.choose(1, offer, start, rng) for _ in range(20)} == {int(there[0])}
    with pytest.raises(UsageError, match="none of the films"):
        viewers.choose(1, coming, start, rng)


def test_unknown_ids_are_refused(small_world: Simulation) -> None:
    viewers = small_world.viewers
    known = viewers.films.movie_ids[:1]
    for user in (0, 61):
        with pytest.raises(UsageError, match="no such viewer"):
            viewers.true_score([user], known, LATE)
    with pytest.raises(UsageError, match="no such film"):
        viewers.true_score([1], [1_000_001], LATE)
