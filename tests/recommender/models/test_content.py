from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recommender.models.content import ContentScorer, expected_quality
from recommender.models.features import content_features, movie_terms, term_weights
from recommender.models.indexed import IndexedRatings
from recommender.schema import TAG_DTYPES, Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(content_factors=8)


def with_tags(dataset: Dataset, rows: list[tuple[int, int, str, int]]) -> Dataset:
    return replace(dataset, tags=pd.DataFrame(rows, columns=list(TAG_DTYPES)).astype(TAG_DTYPES))


def test_terms_carry_their_kind(ratings_of_taste: Dataset) -> None:
    tagged = with_tags(
        ratings_of_taste,
        [(1, 1, " Slow Burn ", 5), (2, 1, "slow burn", 6), (2, 1, "a|b", 6), (3, 2, "fun", 7)],
    )
    terms = movie_terms(tagged)
    assert terms[0] == [
        "era:1980",
        "era:1975",
        "genre:Drama",
        "tag:slow burn",
        "director:Director 1",
        "cast:Actor 1",
        "cast:Actor 1",
        "keyword:heist",
        "language:en",
    ]
    assert "tag:fun" in terms[1]
    assert all(not term.endswith(":") for movie in terms for term in movie)


def test_neighbouring_years_share_an_era(make: Any) -> None:
    dataset = make([(1, 9, 4.0, 1), (1, 10, 4.0, 2)])
    first, second = (set(terms) for terms in movie_terms(replace(dataset, credits=None)))
    assert {"era:1985"} == {term for term in first & second if term.startswith("era")}


def test_missing_facts_are_no_terms(make: Any) -> None:
    dataset = make([(1, 1, 4.0, 1), (1, 2, 4.0, 2)])
    movies = dataset.movies.assign(year=pd.array([None, 1999], dtype="Int16"), genres=["", "War"])
    bare = replace(dataset, movies=movies, credits=dataset.credits.iloc[:0])
    assert movie_terms(bare) == [[], ["era:1990", "era:1995", "genre:War"]]
    assert movie_terms(replace(bare, tags=pd.DataFrame(columns=list(TAG_DTYPES))))[0] == []


def test_the_vocabulary_is_learned_from_rated_movies_only() -> None:
    terms = [["a", "b"], ["a", "b"], ["b", "new"], ["new", "a"]]
    rated = np.array([True, True, False, False])
    weights = term_weights(terms, rated)
    assert weights.shape == (4, 2)
    # "new" is in two movies, but in none that is rated: it is as if it were not there.
    assert weights.toarray() == pytest.approx(
        np.array([[0.5**0.5, 0.5**0.5], [0.5**0.5, 0.5**0.5], [0.0, 1.0], [1.0, 0.0]])
    )


def test_document_frequencies_are_learned_from_rated_movies_only(make: Any) -> None:
    terms = [["a", "b"], ["a", "b"], ["a"], ["b"], ["b"], ["b"]]
    rated = np.array([True, True, True, False, False, False])
    both = term_weights(terms, rated).toarray()[0]
    assert both[1] > both[0]


def test_features_of_rated_movies_do_not_depend_on_others(ratings_of_taste: Dataset) -> None:
    terms = movie_terms(ratings_of_taste)
    rated = np.arange(42) < 40
    before = content_features(terms, rated, 8, seed=1)
    terms[40], terms[41] = ["genre:Opera"] * 2, ["genre:Opera", "genre:Drama"]
    after = content_features(terms, rated, 8, seed=1)
    assert np.array_equal(before[:40], after[:40])
    assert np.linalg.norm(after[40]) == 0.0
    assert np.linalg.norm(after[41]) == pytest.approx(1.0)


def test_features_are_of_unit_length_and_reproducible(ratings_of_taste: Dataset) -> None:
    terms, rated = movie_terms(ratings_of_taste), np.ones(42, dtype=bool)
    features = content_features(terms, rated, 8, seed=1)
    assert features.shape == (42, 8)
    assert np.linalg.norm(features, axis=1) == pytest.approx(np.ones(42))
    assert np.array_equal(features, content_features(terms, rated, 8, seed=1))


def test_movies_alike_are_near(ratings_of_taste: Dataset) -> None:
    features = content_features(movie_terms(ratings_of_taste), np.ones(42, dtype=bool), 12, seed=1)
    likeness = features @ features.T
    same = np.add.outer(np.arange(42), np.arange(42)) % 2 == 0
    np.fill_diagonal(likeness, np.nan)
    assert np.nanmean(likeness[same]) > np.nanmean(likeness[~same]) + 0.1


def test_without_any_terms_there_are_no_features() -> None:
    rated = np.array([True, True])
    assert content_features([[], ["once"]], rated, 5, seed=1).tolist() == [[0.0], [0.0]]


def test_quality_is_expected_from_content(indexed: IndexedRatings) -> None:
    features = np.zeros((42, 1))
    features[::2] = 1.0
    deviations = np.where(indexed.movies % 2 == 0, 0.5, -0.5)
    found = expected_quality(indexed, deviations, features, 1e-6)
    assert found == pytest.approx(np.where(np.arange(42) % 2 == 0, 0.5, -0.5), abs=1e-6)
    assert expected_quality(indexed, deviations, features, 1e9) == pytest.approx(
        np.full(42, found[:40].mean()), abs=0.02
    )


def test_profiles_find_who_likes_which_genre(ratings_of_taste: Dataset) -> None:
    scorer = ContentScorer(PARAMS, seed=1).fit(ratings_of_taste)
    ratings = ratings_of_taste.ratings
    drama = ratings["movie_id"] % 2 == 1
    fans = (
        ratings[drama].groupby("user_id")["rating"].mean()
        - ratings[~drama].groupby("user_id")["rating"].mean()
    )
    users = fans.index.to_numpy()
    # Movies 41 (Drama) and 42 (Comedy) have no ratings: only content speaks for them.
    gap = scorer.predict(users, np.full(users.size, 41)) - scorer.predict(
        users, np.full(users.size, 42)
    )
    assert np.corrcoef(gap, fans)[0, 1] > 0.8


def test_a_history_without_likes_is_not_personal(make: Any) -> None:
    rows = [(1, 1, 0.5, 1), (1, 3, 1.0, 2), *((2, movie, 4.5, movie) for movie in range(1, 7))]
    scorer = ContentScorer(PARAMS, seed=1).fit(make(rows))
    shown = scorer.recommend(1, 6)
    assert shown.path == "popular"
    assert shown.scores.tolist() == [0.0] * 4
