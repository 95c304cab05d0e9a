from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import UsageError
from recommender.inference import Diversity, Recommender
from recommender.inference.catalogue import Catalogue
from recommender.inference.reranking import (
    Likeness,
    Miscalibration,
    MovieFacts,
    Popularity,
    choose_greedily,
    divergence,
)

STRENGTHS = st.floats(0.0, 1.0)
FEATURES = np.array([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
SCORES = np.array([4.0, 3.0, 2.0, 0.0])


def test_marginal_relevance_by_hand() -> None:
    # Relevance is 1, .75, .5, 0. After movie 0 the likeness is 1, .6, 0 for the others:
    # .375 - .5 = -.125, .25 - .3 = -.05, 0 - 0 = 0. Then .8 of movie 2 to movie 3 does not matter:
    # movie 2 has likeness max(.6, .8) = .8 and .25 - .4 = -.15, below -.125 of movie 1.
    assert choose_greedily(SCORES, 4, [(0.5, Likeness(FEATURES))]).tolist() == [0, 3, 1, 2]
    assert choose_greedily(SCORES, 2, [(0.05, Likeness(FEATURES))]).tolist() == [0, 1]


def test_calibration_by_hand() -> None:
    genres = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    both = Miscalibration(genres, np.array([0.5, 0.5]))
    alone = 0.5 * np.log(0.5 / 0.995) + 0.5 * np.log(0.5 / 0.005)
    assert both.costs() == pytest.approx([alone] * 4)
    both.choose(0)
    assert both.costs() == pytest.approx([alone, alone, alone, 0.0], abs=1e-12)
    assert choose_greedily(
        SCORES, 4, [(0.5, Miscalibration(genres, np.array([0.5, 0.5])))]
    ).tolist() == [0, 3, 1, 2]
    only_first = Miscalibration(genres, np.array([1.0, 0.0]))
    assert choose_greedily(SCORES, 3, [(0.5, only_first)]).tolist() == [0, 1, 2]


@given(st.integers(0, 2**32 - 1))
def test_costs_of_calibration_are_divergences_of_the_longer_list(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genres = rng.dirichlet(np.ones(5), 6) * rng.integers(0, 2, (6, 5))
    target = rng.dirichlet(np.ones(5)) * np.array([1.0, 0.0, 1.0, 1.0, 1.0])
    target /= target.sum()
    penalty, shown = Miscalibration(genres, target), np.zeros(5)
    for length, candidate in enumerate(rng.permutation(6), start=1):
        expected = [divergence(target, (shown + row) / length) for row in genres]
        assert penalty.costs() == pytest.approx(expected)
        penalty.choose(candidate)
        shown += genres[candidate]


def test_the_less_popular_come_first_by_hand() -> None:
    counts = np.expm1(np.array([3.0, 2.0, 1.0, 1.0]))
    assert Popularity(counts).costs() == pytest.approx([1.0, 0.5, 0.0, 0.0])
    # .4 - .6 = -.2, .3 - .3 = 0, .2, 0: movies 1 and 3 tie, and the first one stays first.
    assert choose_greedily(SCORES, 4, [(0.6, Popularity(counts))]).tolist() == [2, 1, 3, 0]


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=30),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None)
def test_without_strength_the_list_stays(values: list[int], k: int, seed: int) -> None:
    scores = np.sort(np.array(values, dtype=float))[::-1]
    rng = np.random.default_rng(seed)
    genres = rng.dirichlet(np.ones(3), scores.size)
    penalties = [
        (0.0, Likeness(rng.normal(size=(scores.size, 3)))),
        (0.0, Miscalibration(genres, np.array([0.2, 0.3, 0.5]))),
        (0.0, Popularity(rng.integers(1, 100, scores.size))),
    ]
    expected = list(range(min(k, scores.size)))
    assert choose_greedily(scores, k, penalties).tolist() == expected


@given(st.tuples(STRENGTHS, STRENGTHS, STRENGTHS), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_lists_stay_lists(
    served: Recommender, strengths: tuple[float, float, float], k: int
) -> None:
    diversity = Diversity(*strengths, candidates=12)
    candidates = served.recommend(1, max(12, k))
    shown = served.recommend(1, k, diversity=diversity)
    assert len(set(shown.movie_ids.tolist())) == min(k, candidates.movie_ids.size)
    scores = dict(zip(candidates.movie_ids.tolist(), candidates.scores.tolist(), strict=True))
    assert [scores[movie] for movie in shown.movie_ids.tolist()] == shown.scores.tolist()
    assert len(shown.item_paths) == shown.movie_ids.size


def test_off_is_the_unchanged_list(served: Recommender) -> None:
    for user in (1, 2, 10**6):
        plain, off = served.recommend(user, 7), served.recommend(user, 7, diversity=Diversity())
        assert asdict(plain).keys() == asdict(off).keys()
        assert np.array_equal(plain.movie_ids, off.movie_ids)
        assert np.array_equal(plain.scores, off.scores)


def test_each_strength_moves_lists_its_way(served: Recommender) -> None:
    facts = served.facts
    places = {movie: place for place, movie in enumerate(served.movie_ids.tolist())}
    history = [1, 3, 5, 2], [5.0, 4.0, 4.0, 4.0]
    target = facts.genres_of(np.array([0, 2, 4, 1]), np.array([1.5, 1.0, 1.0, 1.0]))

    def measured(diversity: Diversity) -> tuple[float, float, float]:
        shown = served.recommend_for_history(*history, 6, diversity=diversity).movie_ids
        movies = np.array([places[movie] for movie in shown.tolist()])
        cosines = facts.features[movies] @ facts.features[movies].T
        genres = facts.genre_shares[facts.genre_codes[movies]].mean(axis=0)
        gap = float(np.abs(genres - target).sum())
        return float(cosines.mean()), gap, float(np.log1p(facts.counts[movies]).mean())

    plain = measured(Diversity())
    assert measured(Diversity(variety=0.7))[0] < plain[0]
    assert measured(Diversity(calibration=0.9))[1] < plain[1]
    assert measured(Diversity(unpopularity=0.9))[2] < plain[2]


def test_there_is_nothing_to_calibrate_to_without_a_history(served: Recommender) -> None:
    plain = served.recommend(10**6, 8)
    asked = served.recommend(10**6, 8, diversity=Diversity(calibration=1.0))
    assert np.array_equal(plain.movie_ids, asked.movie_ids)


@pytest.mark.parametrize("name", [item.name for item in fields(Diversity)])
def test_strengths_out_of_range_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        Diversity(**{name: -1})
    with pytest.raises(UsageError, match="variety"):
        Diversity(variety=float("nan"))


def test_genres_are_shared_evenly() -> None:
    catalogue = Catalogue.of(["a", "b", "c"], ["Drama|War", "", "Drama"], [None] * 3)
    codes, shares = catalogue.genre_shares()
    assert shares[codes].tolist() == [[0.5, 0.5], [0.0, 0.0], [1.0, 0.0]]
    facts = MovieFacts(FEATURES[:3], np.ones(3), codes, shares)
    assert facts.genres_of(np.array([0, 2, 1]), np.array([1.0, 1.0, 9.0])).tolist() == [0.75, 0.25]
    assert facts.genres_of(np.array([1]), np.array([1.0])).tolist() == [0.0, 0.0]
