"""The factorization machine: exact collapse, cold movies, determinism, and next to nothing."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.errors import TrainingError
from recommender.inference.estimates import FactorEstimates
from recommender.models.bayesian_machine import PosteriorMean, import_myfm, sample_chain
from recommender.models.factorization_machine import (
    FactorizationMachineScorer,
    choose_engine,
    fit_factorization_machine,
)
from recommender.models.features import movie_terms
from recommender.models.indexed import IndexedRatings
from recommender.models.side_information import movie_features, user_features
from recommender.schema import Dataset
from recommender.settings import ModelParams

PARAMS = ModelParams(fm_factors=3, fm_iterations=30, fm_content=("genre", "era", "cast"))
#: Gradient descent that suits a few ratings.
BY_DESCENT = {"fm_engine": "sgd", "fm_sgd_learning_rate": 0.02, "fm_sgd_epochs": 60}
ENGINES: list[dict[str, Any]] = [{"fm_engine": "bayesian"}, BY_DESCENT]
ARRAYS = ("user_bias", "movie_bias", "user_factors", "movie_factors")


def test_one_draw_collapses_to_what_myfm_itself_predicts(
    ratings_of_taste: Dataset, indexed: IndexedRatings
) -> None:
    blocks = (
        user_features(indexed),
        movie_features(indexed, movie_terms(ratings_of_taste), ("genre", "era", "keyword")),
    )
    kept: list[FactorEstimates] = []

    def keep(iteration: int, machine: Any, hyper: Any, _history: Any) -> bool:
        if iteration == 7:
            mean = PosteriorMean(*blocks)
            mean.add(machine, hyper)
            kept.append(mean.estimates(indexed.mean))
        return False

    predictor = sample_chain(indexed, blocks, keep, rank=4, n_draws=8, seed=3)
    from myfm import RelationBlock
    from scipy import sparse

    users, movies = np.repeat(np.arange(60), 40), np.tile(np.arange(40), 60)
    relations = [RelationBlock(users, blocks[0].rated), RelationBlock(movies, blocks[1].rated)]
    theirs = predictor.predict(sparse.csr_matrix((users.size, 0)), relations)
    found = kept[0].pairs(users, movies) - indexed.mean
    assert np.abs(found - theirs).max() < 1e-9
    assert np.std(theirs) > 0.3


@pytest.mark.parametrize("engine", ENGINES)
def test_a_movie_without_ratings_is_scored_by_its_genre(make: Any, engine: dict[str, Any]) -> None:
    """Odd movies are dramas, even ones comedies; some users like one kind, some the other."""
    rng = np.random.default_rng(1)
    rows = [
        (user, movie, 4.5 if user % 2 == movie % 2 else 1.5, 10**9 + 100 * user + movie)
        for user in range(1, 31)
        for movie in rng.choice(np.arange(1, 21), 10, replace=False).tolist()
    ]
    dataset = make(rows, movie_ids=[*range(1, 21), 101, 102])
    params = replace(PARAMS, fm_iterations=60, fm_content=("genre",), **engine)
    scorer = FactorizationMachineScorer(params, seed=1).fit(dataset)
    users = np.arange(1, 31)
    for movie in (101, 102):
        estimates = scorer.predict(users, np.full(30, movie))
        likes = users % 2 == movie % 2
        assert estimates[likes].min() > estimates[~likes].max() + 1.0
        assert estimates[likes].mean() == pytest.approx(4.5, abs=0.7)
        assert estimates[~likes].mean() == pytest.approx(1.5, abs=0.7)


def test_unknown_users_are_alike_and_order_movies_by_their_quality(make: Any) -> None:
    rows = [
        (user, movie, 5.0 if movie <= 5 else 2.0, 10**9 + user)
        for user in range(1, 21)
        for movie in range(1, 11)
    ]
    scorer = FactorizationMachineScorer(PARAMS, seed=1).fit(make(rows))
    estimates = scorer.predict(np.full(10, 999), np.arange(1, 11))
    assert estimates[:5].min() > estimates[5:].max() + 1.5
    assert np.array_equal(estimates, scorer.predict(np.full(10, 77_777), np.arange(1, 11)))


def test_side_information_beats_ids_alone(ratings_of_taste: Dataset) -> None:
    ratings = ratings_of_taste.ratings
    held_out = np.arange(len(ratings)) % 4 == 0
    train, rest = ratings_of_taste.with_ratings(ratings[~held_out]), ratings[held_out]

    def rmse(content: tuple[str, ...]) -> float:
        params = replace(PARAMS, fm_iterations=60, fm_content=content)
        scorer = FactorizationMachineScorer(params, seed=1).fit(train)
        estimates = scorer.predict(rest["user_id"].to_numpy(), rest["movie_id"].to_numpy())
        return float(np.sqrt(np.mean((estimates - rest["rating"].to_numpy()) ** 2)))

    with_genres, without = rmse(("genre",)), rmse(())
    assert with_genres < without
    assert with_genres < 0.75 * float(rest["rating"].std())


@pytest.mark.parametrize("engine", ENGINES)
def test_same_seed_same_bytes_and_another_seed_another_model(
    ratings_of_taste: Dataset, indexed: IndexedRatings, engine: dict[str, Any]
) -> None:
    terms, params = movie_terms(ratings_of_taste), replace(PARAMS, **engine)
    first, again, other = (
        fit_factorization_machine(indexed, terms, params, seed) for seed in (5, 5, 6)
    )
    for name in ARRAYS:
        assert np.array_equal(getattr(first, name), getattr(again, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))


def test_the_last_rows_stand_for_the_unknown(indexed: IndexedRatings) -> None:
    found = fit_factorization_machine(indexed, [[]] * indexed.n_movies, PARAMS, seed=1)
    assert found.user_factors.shape == (indexed.n_users + 1, 3)
    assert found.movie_factors.shape == (indexed.n_movies + 1, 3)
    # Movies 41 and 42 have no ratings, and here no content either: they are as the unknown one.
    for name in ("movie_bias", "movie_factors"):
        values = getattr(found, name)
        assert values[40] == pytest.approx(values[-1])
        assert values[41] == pytest.approx(values[-1])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rows", [1, 2, 12])
def test_a_few_ratings_give_a_finite_model(
    indexed: IndexedRatings, rows: int, engine: dict[str, Any]
) -> None:
    few = indexed.only(np.arange(rows))
    params = replace(PARAMS, **engine)
    found = fit_factorization_machine(few, [[]] * indexed.n_movies, params, seed=1)
    assert all(np.isfinite(getattr(found, name)).all() for name in ARRAYS)


def test_descent_that_diverges_is_refused_with_a_rate_to_try(indexed: IndexedRatings) -> None:
    params = replace(PARAMS, fm_engine="sgd", fm_sgd_learning_rate=8.0)
    with pytest.raises(TrainingError, match=r"diverges.*fm_sgd_learning_rate lower.*rate of 0\.8"):
        fit_factorization_machine(indexed, [[]] * indexed.n_movies, params, seed=1)


@pytest.mark.parametrize(
    ("engine", "n_ratings", "expected"),
    [
        ("auto", 1200, "bayesian"),
        ("auto", 1201, "sgd"),
        ("sgd", 10, "sgd"),
        ("bayesian", 10**8, "bayesian"),
    ],
)
def test_the_engine_goes_by_size_unless_it_is_set(
    engine: Any, n_ratings: int, expected: str
) -> None:
    params = ModelParams(fm_engine=engine, fm_max_ratings=1200)
    assert choose_engine(n_ratings, params) == expected


def test_a_scorer_says_which_engine_it_has_used(ratings_of_taste: Dataset) -> None:
    scorer = FactorizationMachineScorer(replace(PARAMS, fm_max_ratings=1199), seed=1)
    assert scorer.engine == "auto"
    assert scorer.fit(ratings_of_taste).engine == "sgd"


def test_only_the_one_warning_of_the_import_is_silenced(monkeypatch: pytest.MonkeyPatch) -> None:
    def warn(name: str) -> str:
        warnings.warn("pkg_resources is deprecated as an API. See ...", UserWarning, stacklevel=2)
        warnings.warn("something else", UserWarning, stacklevel=2)
        return name

    monkeypatch.setattr(importlib, "import_module", warn)
    with pytest.warns(UserWarning, match="something else") as caught:
        assert import_myfm.__wrapped__() == "myfm.gibbs"
    assert [str(item.message) for item in caught] == ["something else"]
