"""A sound model passes every behavioural test, and each kind of broken model fails its own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from recommender.evaluation.behaviour import check_behaviour
from recommender.evaluation.behaviour.check import TESTS
from recommender.evaluation.behaviour.taste import relative_rank
from recommender.scorer import Recommendations
from recommender.settings import BehaviourSettings


def outcomes(report):
    return {result.name: result.outcome for result in report.results}


@pytest.fixture
def broken(neighbour_model, blocks):
    """Return a maker of sound models with some methods replaced."""

    def make(**methods):
        return type("Broken", (neighbour_model,), methods)(blocks)

    return make


def test_a_sound_model_passes_everything(neighbour_model, blocks):
    told = []
    report = check_behaviour(
        neighbour_model(blocks), blocks, 7, progress=lambda *done: told.append(done)
    )
    assert set(outcomes(report).values()) == {"passed"}, report
    assert [result.name for result in report.results] == [test.__name__ for test in TESTS]
    assert all(result.cases > 0 for result in report.results)
    assert report.passed
    assert told[-1] == (len(TESTS), len(TESTS))


def test_the_same_seed_gives_the_same_report(neighbour_model, blocks):
    settings = BehaviourSettings(n_users=7, n_movies=9)
    model = neighbour_model(blocks)
    first, again, other = (
        check_behaviour(model, blocks, seed, settings=settings) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


# Each fault: the methods it replaces and the tests it must fail, and no others.


def sees_again(self, user_id, k, *, exclude_seen=True):
    return super(type(self), self).recommend(user_id, k, exclude_seen=False)


def holds_too_little_back(self, user_id):
    """Says that a film was seen which its lists do not hold back."""
    shown = super(type(self), self).recommend(user_id, 1).movie_ids
    return np.append(super(type(self), self).seen(user_id), shown)


def forgets(self, user_id, k, *, exclude_seen=True):
    self.calls = getattr(self, "calls", 0) + 1
    found = super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    if user_id in self._histories and self.calls % 2:
        return dataclasses.replace(found, movie_ids=found.movie_ids[1:], scores=found.scores[1:])
    return found


def depends_on_neighbours_in_the_batch(self, user_ids, movie_ids):
    estimates = super(type(self), self).predict(user_ids, movie_ids)
    return self._scale.clip(estimates + np.arange(estimates.size) * 1e-3)


def rising_scores(self, user_id, k, *, exclude_seen=True):
    found = super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    return dataclasses.replace(found, scores=found.scores[::-1])


def nan_scores(self, user_id, k, *, exclude_seen=True):
    found = super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    return dataclasses.replace(found, scores=np.full(found.scores.size, np.nan))


def too_long(self, user_id, k, *, exclude_seen=True):
    return super(type(self), self).recommend(user_id, k + 1, exclude_seen=exclude_seen)


def repeats(self, user_id, k, *, exclude_seen=True):
    found = super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    return dataclasses.replace(found, movie_ids=np.repeat(found.movie_ids[:1], found.scores.size))


def leaves_the_catalogue(self, user_id, k, *, exclude_seen=True):
    found = super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    return dataclasses.replace(found, movie_ids=np.append(found.movie_ids[:-1], 9999))


def one_score_short(self, user_id, k, *, exclude_seen=True):
    found = super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    return dataclasses.replace(found, scores=found.scores[1:])


def nan_for_the_unknown(self, user_ids, movie_ids):
    estimates = super(type(self), self).predict(user_ids, movie_ids)
    return np.where(np.isin(movie_ids, self.movie_ids), estimates, np.nan)


def beyond_the_scale(self, user_ids, movie_ids):
    return super(type(self), self).predict(user_ids, movie_ids) + 0.8


def calls_itself_personal(self, user_id, k, *, exclude_seen=True):
    found = super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    return dataclasses.replace(found, path="personal")


def shows_the_rarest(self, user_id, k, *, exclude_seen=True):
    if user_id in self._histories:
        return super(type(self), self).recommend(user_id, k, exclude_seen=exclude_seen)
    order = np.argsort(self.popularity, kind="stable")[:k]
    return Recommendations(user_id, self.movie_ids[order], np.zeros(order.size), "popular")


def blind_to_content(self, user_ids, movie_ids):
    estimates = super(type(self), self).predict(user_ids, movie_ids)
    cold = self.movie_ids[self.popularity == 0]
    return np.where(np.isin(movie_ids, cold), 3.0, estimates)


def nan_for_the_unrated(self, user_ids, movie_ids):
    estimates = super(type(self), self).predict(user_ids, movie_ids)
    cold = self.movie_ids[self.popularity == 0]
    return np.where(np.isin(movie_ids, cold), np.nan, estimates)


def turned_around(self, movie_ids, ratings, k):
    return super(type(self), self).recommend_for_history(movie_ids, -(ratings - 5.0), k)


def same_for_everyone(self, movie_ids, ratings, k):
    scores = self.popularity.astype(float)
    return self._ranked(-1, scores, movie_ids, k, "personal")


def chaotic(self, movie_ids, ratings, k):
    scores = np.random.default_rng(int(movie_ids.sum())).random(self.movie_ids.size)
    return self._ranked(-1, scores, movie_ids, k, "personal")


def farthest_first(self, movie_id, k):
    movies, scores = super(type(self), self).similar(movie_id, self.movie_ids.size)
    return movies[::-1][:k], -scores[::-1][:k]


def knows_nobody(self, movie_id, k):
    return self.movie_ids[:0], np.zeros(0)


@pytest.mark.parametrize(
    ("methods", "failed"),
    [
        ({"recommend": sees_again}, {"seen_movies_never_return"}),
        ({"seen": holds_too_little_back}, {"seen_movies_never_return"}),
        ({"recommend": forgets}, {"same_input_same_output"}),
        ({"predict": depends_on_neighbours_in_the_batch}, {"same_input_same_output"}),
        ({"recommend": rising_scores}, {"lists_are_well_formed"}),
        ({"recommend": nan_scores}, {"lists_are_well_formed", "same_input_same_output"}),
        ({"recommend": too_long}, {"lists_are_well_formed"}),
        (
            {"recommend": repeats},
            {"lists_are_well_formed", "unknown_users_get_popular_movies"},
        ),
        ({"recommend": leaves_the_catalogue}, {"lists_are_well_formed"}),
        ({"recommend": one_score_short}, {"lists_are_well_formed"}),
        (
            {"predict": nan_for_the_unknown},
            {"estimates_are_finite_and_in_scale"},
        ),
        (
            {"predict": beyond_the_scale},
            {"estimates_are_finite_and_in_scale", "unrated_movies_are_scored_by_content"},
        ),
        ({"recommend": calls_itself_personal}, {"unknown_users_get_popular_movies"}),
        ({"recommend": shows_the_rarest}, {"unknown_users_get_popular_movies"}),
        ({"predict": blind_to_content}, {"unrated_movies_are_scored_by_content"}),
        (
            {"predict": nan_for_the_unrated},
            {
                "unrated_movies_are_scored_by_content",
                "estimates_are_finite_and_in_scale",
                "same_input_same_output",
            },
        ),
        ({"recommend_for_history": same_for_everyone}, {"liking_a_film_raises_its_neighbours"}),
        ({"recommend_for_history": turned_around}, {"liking_a_film_raises_its_neighbours"}),
        (
            {"recommend_for_history": chaotic},
            {"liking_a_film_raises_its_neighbours", "a_small_change_changes_little"},
        ),
        (
            {"similar": farthest_first},
            {
                "liking_a_film_raises_its_neighbours",
                "sequels_are_near",
                "films_of_a_director_are_near",
            },
        ),
    ],
    ids=lambda value: next(iter(value.values())).__name__ if isinstance(value, dict) else "",
)
def test_each_fault_is_found_by_its_tests_and_no_others(broken, blocks, methods, failed):
    settings = BehaviourSettings(n_users=16)
    report = check_behaviour(broken(**methods), blocks, 7, settings=settings)
    assert {result.name for result in report.failed} == failed
    assert not report.passed
    for result in report.failed:
        assert result.failures > 0
        assert 1 <= len(result.examples) <= 5


def test_films_without_neighbours_leave_nothing_to_like(broken, blocks):
    report = check_behaviour(broken(similar=knows_nobody), blocks, 7)
    assert outcomes(report)["liking_a_film_raises_its_neighbours"] == "not applicable"
    assert outcomes(report)["sequels_are_near"] == "failed"


def test_what_the_data_cannot_exercise_is_not_applicable_with_its_reason(
    neighbour_model, make_blocks
):
    split = make_blocks(with_credits=False, cold=False)
    titles = split.train.movies.assign(title=[f"Film {chr(97 + i % 26)}{i}x" for i in range(90)])
    split = dataclasses.replace(split, train=dataclasses.replace(split.train, movies=titles))
    settings = BehaviourSettings(min_history=1000)
    report = check_behaviour(neighbour_model(split), split, 7, settings=settings)
    reasons = {
        result.name: result.detail
        for result in report.results
        if result.outcome == "not applicable"
    }
    assert reasons == {
        "films_of_a_director_are_near": "The data set has no credits.",
        "sequels_are_near": "It needs at least 5 pairs of films of one series; "
        "the catalogue has 0.",
        "unrated_movies_are_scored_by_content": "It needs two unrated movies of different genres: "
        "0 movies have no training ratings, with 0 genres.",
        "a_small_change_changes_little": "No user has 1000 training ratings.",
    }
    assert report.passed
    assert report.summary == "6 passed, 0 failed, 4 not applicable"


def test_users_who_know_every_film_have_none_left_to_like(make_split, neighbour_model):
    split = make_split([(1, movie, 4.0) for movie in range(1, 7)], [])
    report = check_behaviour(neighbour_model(split), split, 1)
    assert outcomes(report)["liking_a_film_raises_its_neighbours"] == "not applicable"
    assert outcomes(report)["seen_movies_never_return"] == "passed"


def test_random_similarity_is_near_the_random_expectation(broken, blocks):
    """The number that the limits are compared with: a random order has a median of one half."""

    def random_order(self, movie_id, k):
        others = self.movie_ids[self.movie_ids != movie_id]
        order = np.random.default_rng(movie_id).permutation(others)[:k]
        return order, -np.arange(order.size, dtype=float)

    report = check_behaviour(broken(similar=random_order), blocks, 7)
    found = {result.name: result for result in report.results}["films_of_a_director_are_near"]
    assert found.outcome == "failed"
    median = float(found.detail.split(" is ")[1].split(",")[0])
    assert 0.35 < median < 0.65


@pytest.mark.parametrize("listed", [0, 3, 10])
def test_relative_ranks_of_a_random_list_have_a_mean_of_one_half(listed):
    candidates = np.arange(10)
    ranks = relative_rank(candidates[:listed], candidates, 10)
    assert ranks.mean() == pytest.approx(0.5)
