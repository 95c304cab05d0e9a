"""SVD, SVD++ and NMF: our arrays say what scikit-surprise itself says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from surprise import NMF, SVD, Reader, SVDpp
from surprise import Dataset as SurpriseDataset

from recommender.inference.estimates import FactorEstimates
from recommender.models.gradient_descent import SGDSettings, train_on
from recommender.models.indexed import IndexedRatings
from recommender.models.nmf import NMFScorer
from recommender.models.surprise_training import make_trainset
from recommender.models.svd import SurpriseSVDScorer, SVDScorer, fit_svd
from recommender.models.svd_plus_plus import SVDPlusPlusScorer
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(
    n_factors=7,
    n_epochs=9,
    svd_plus_plus_factors=5,
    svd_plus_plus_epochs=6,
    nmf_factors=4,
    nmf_epochs=11,
)
SEED = 12


def svd() -> Any:
    return SVD(n_factors=7, n_epochs=9, lr_all=0.01, reg_all=0.1, random_state=SEED)


def svd_plus_plus() -> Any:
    return SVDpp(n_factors=5, n_epochs=6, lr_all=0.01, reg_all=0.1, random_state=SEED)


def nmf() -> Any:
    return NMF(n_factors=4, n_epochs=11, random_state=SEED)


def every_pair(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    users = dataset.ratings["user_id"].unique()
    movies = dataset.ratings["movie_id"].unique()
    return np.repeat(users, movies.size), np.tile(movies, users.size)


@pytest.mark.parametrize(
    ("scorer", "algorithm", "apart"),
    [
        (SurpriseSVDScorer, svd, 1e-9),
        # Single precision.
        (NMFScorer, nmf, 1e-5),
        (SVDScorer, svd, 1e-5),
        (SVDPlusPlusScorer, svd_plus_plus, 1e-5),
    ],
)
def test_known_pairs_agree_with_surprise(
    scorer: Any,
    algorithm: Any,
    apart: float,
    ratings_of_taste: Dataset,
    indexed: IndexedRatings,
) -> None:
    trainset, _, _ = make_trainset(indexed)
    theirs = algorithm().fit(trainset)
    users, movies = every_pair(ratings_of_taste)
    expected = [theirs.predict(*pair).est for pair in zip(users, movies, strict=True)]
    found = scorer(PARAMS, seed=SEED).fit(ratings_of_taste).predict(users, movies)
    assert np.abs(found - expected).max() < apart


def largest_difference(ours: FactorEstimates, theirs: Any, user_factors: np.ndarray) -> float:
    pairs = (
        (ours.user_bias[:60], theirs.bu),
        (ours.movie_bias[:40], theirs.bi),
        (ours.user_factors[:60], user_factors),
        (ours.movie_factors[:40], theirs.qi),
    )
    return max(float(np.abs(one - other).max()) for one, other in pairs)


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize(("precision", "apart"), [("double", 1e-6), ("single", 1e-4)])
def test_the_arrays_of_the_fast_svd_are_those_of_surprise(
    biased: bool, precision: Any, apart: float, indexed: IndexedRatings
) -> None:
    drawn = {"init_mean": 0.05, "init_std_dev": 0.3}
    theirs = SVD(
        n_factors=6, n_epochs=12, lr_all=0.02, reg_all=0.05, biased=biased, random_state=3, **drawn
    ).fit(make_trainset(indexed)[0])
    settings = SGDSettings(
        6, 12, 0.02, 0.05, biased=biased, precision=precision, init_mean=0.05, init_std=0.3
    )
    ours = train_on(indexed, settings, 3).estimates
    assert ours.user_factors.dtype == settings.dtype
    assert largest_difference(ours, theirs, theirs.pu) < apart
    assert ours.mean == pytest.approx(theirs.trainset.global_mean if biased else 0.0)
    if not biased:
        assert not ours.user_bias.any()


@pytest.mark.parametrize(("precision", "apart"), [("double", 1e-6), ("single", 1e-4)])
def test_the_arrays_of_svd_plus_plus_are_those_of_surprise(
    precision: Any, apart: float, indexed: IndexedRatings
) -> None:
    trainset = make_trainset(indexed)[0]
    theirs = SVDpp(n_factors=6, n_epochs=12, lr_all=0.02, reg_all=0.05, random_state=3)
    theirs.fit(trainset)
    users = [
        theirs.pu[user] + sum(theirs.yj[movie] for movie, _ in rated) / np.sqrt(len(rated))
        for user, rated in trainset.ur.items()
    ]
    settings = SGDSettings(6, 12, 0.02, 0.05, implicit=True, precision=precision)
    ours = train_on(indexed, settings, 3).estimates
    assert largest_difference(ours, theirs, np.array(users)) < apart


def test_the_engine_of_the_svd_can_be_chosen(indexed: IndexedRatings) -> None:
    fast, slow = (
        fit_svd(indexed, replace(PARAMS, svd_engine=engine), SEED)
        for engine in ("fast", "surprise")
    )
    assert fast.user_factors.dtype == np.float32
    assert slow.user_factors.dtype == np.float64
    assert fast.user_factors == pytest.approx(slow.user_factors, abs=1e-4)


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
