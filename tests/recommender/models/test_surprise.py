"""SVD and NMF: the exported arrays say what scikit-surprise itself says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from surprise import NMF, SVD, Reader
from surprise import Dataset as SurpriseDataset

from recommender.models.indexed import IndexedRatings
from recommender.models.nmf import NMFScorer
from recommender.models.surprise_training import make_trainset
from recommender.models.svd import SVDScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(n_factors=7, n_epochs=9, nmf_factors=4, nmf_epochs=11)
SEED = 12


def svd() -> Any:
    return SVD(n_factors=7, n_epochs=9, lr_all=0.01, reg_all=0.1, random_state=SEED)


def nmf() -> Any:
    return NMF(n_factors=4, n_epochs=11, random_state=SEED)


def every_pair(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    users = dataset.ratings["user_id"].unique()
    movies = dataset.ratings["movie_id"].unique()
    return np.repeat(users, movies.size), np.tile(movies, users.size)


@pytest.mark.parametrize(("scorer", "algorithm"), [(SVDScorer, svd), (NMFScorer, nmf)])
def test_known_pairs_agree_with_surprise(
    scorer: Any, algorithm: Any, ratings_of_taste: Dataset, indexed: IndexedRatings
) -> None:
    trainset, _, _ = make_trainset(indexed)
    theirs = algorithm().fit(trainset)
    users, movies = every_pair(ratings_of_taste)
    expected = [theirs.predict(*pair).est for pair in zip(users, movies, strict=True)]
    found = scorer(PARAMS, seed=SEED).fit(ratings_of_taste).predict(users, movies)
    assert np.abs(found - expected).max() < 1e-6


def test_unknown_ids_agree_with_surprise(
    ratings_of_taste: Dataset, indexed: IndexedRatings
) -> None:
    theirs = svd().fit(make_trainset(indexed)[0])
    ours = SVDScorer(PARAMS, seed=SEED).fit(ratings_of_taste)
    # Movie 41 is in the catalogue without ratings, 999 in neither.
    for user, movie in ((1, 41), (1, 999), (999, 2), (999, 999)):
        expected = theirs.predict(user, movie).est
        assert ours.predict(np.array([user]), np.array([movie]))[0] == pytest.approx(expected)


def test_the_training_set_is_the_one_that_surprise_builds(
    ratings_of_taste: Dataset, indexed: IndexedRatings
) -> None:
    ours, users, movies = make_trainset(indexed)
    frame = ratings_of_taste.ratings[["user_id", "movie_id", "rating"]].astype("float64")
    built = SurpriseDataset.load_from_df(frame, Reader(rating_scale=(0.5, 5.0)))
    theirs = built.build_full_trainset()

    def triples(trainset: Any) -> set[tuple[float, float, float]]:
        return {
            (trainset.to_raw_uid(user), trainset.to_raw_iid(movie), rating)
            for user, movie, rating in trainset.all_ratings()
        }

    assert triples(ours) == triples(theirs)
    assert ours.global_mean == pytest.approx(theirs.global_mean)
    assert (ours.n_users, ours.n_items) == (users.size, movies.size)
    assert (ours.n_users, ours.n_items, ours.n_ratings) == (60, 40, 1200)
    assert {movie: len(given) for movie, given in ours.ir.items()} == dict(
        enumerate(np.bincount(indexed.movies)[movies].tolist())
    )


def test_another_seed_gives_another_model(ratings_of_taste: Dataset) -> None:
    pairs = every_pair(ratings_of_taste)
    first, second = (
        SVDScorer(PARAMS, seed=s).fit(ratings_of_taste).predict(*pairs) for s in (1, 2)
    )
    assert not np.array_equal(first, second)


def test_nmf_falls_back_on_the_biases(ratings_of_taste: Dataset) -> None:
    scorer = NMFScorer(PARAMS, seed=SEED).fit(ratings_of_taste)
    mean = float(ratings_of_taste.ratings["rating"].mean())
    assert scorer.predict(np.array([999]), np.array([41]))[0] == pytest.approx(mean)
    row = scorer.part.estimates.row(0)
    pairs = scorer.part.estimates.pairs(np.zeros(42, dtype=int), np.arange(42))
    assert row == pytest.approx(pairs)
