"""The drawn ratings: what must always hold, and what makes them look like ratings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.errors import UsageError
from recommender.schema import RATING_DTYPES
from simulation.floor import rating_moments, rmse_floor
from simulation.parameters import SimulationParameters
from simulation.ratings import Simulation, simulate


def gini(counts: np.ndarray) -> float:
    """Half the relative mean absolute difference: 0 where all are equal."""
    ordered = np.sort(counts)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def test_the_frame_keeps_the_contract(world: Simulation) -> None:
    ratings = world.ratings
    assert ratings.dtypes.astype(str).to_dict() == RATING_DTYPES
    assert not ratings.duplicated(["user_id", "movie_id"]).any()
    assert ratings["rating"].isin(np.arange(1, 11) / 2).all()
    assert set(ratings["movie_id"]) <= set(world.viewers.films.movie_ids)


def test_the_counts_are_those_asked_for(world: Simulation, small_world: Simulation) -> None:
    assert (len(world.ratings), world.ratings["user_id"].nunique()) == (120_000, 2000)
    assert (len(small_world.ratings), small_world.ratings["user_id"].nunique()) == (1800, 60)
    assert world.ratings.groupby("user_id").size().min() >= 10


def test_nobody_rates_before_the_release_or_outside_the_period(
    world: Simulation, catalogue: pd.DataFrame
) -> None:
    ratings = world.ratings
    parameters = world.viewers.parameters
    assert ratings["timestamp"].between(parameters.start, parameters.end - 1).all()
    year = ratings["movie_id"].map(catalogue.set_index("movie_id")["year"])
    rated = pd.to_datetime(ratings["timestamp"], unit="s").dt.year
    assert (rated >= year).all()
    assert (year >= 2020).sum() > 300


def test_users_and_movies_are_long_tailed(world: Simulation) -> None:
    users = world.ratings.groupby("user_id").size()
    movies = world.ratings.groupby("movie_id").size()
    assert 0.4 < gini(users.to_numpy()) < 0.65
    assert 0.3 < gini(movies.to_numpy()) < 0.7
    assert users.median() < 0.7 * users.mean()
    assert movies.max() > 4 * movies.mean()


def test_the_histogram_has_the_shape_of_movielens(world: Simulation) -> None:
    share = world.ratings["rating"].value_counts(normalize=True)
    assert 3.4 < world.ratings["rating"].mean() < 3.65
    assert 0.9 < world.ratings["rating"].std() < 1.1
    assert share.idxmax() in (3.0, 4.0)
    assert share[4.0] > share[3.5] > share[2.5]
    assert share[0.5] < 0.03


def test_viewers_return_over_the_years(world: Simulation) -> None:
    ratings = world.ratings
    first, second = np.quantile(ratings["timestamp"], [0.8, 0.9])
    known = set(ratings.loc[ratings["timestamp"] < first, "user_id"])
    test = ratings[ratings["timestamp"] >= second]
    is_new = ~test["user_id"].isin(known)
    assert 0.01 < is_new.mean() < 0.1
    assert test["user_id"].nunique() > 250
    films = set(ratings.loc[ratings["timestamp"] < first, "movie_id"])
    assert 0 < (~test["movie_id"].isin(films)).mean() < 0.05


def test_ratings_scatter_about_their_scores_by_the_stated_noise(world: Simulation) -> None:
    noise = world.viewers.parameters.noise
    mean, _ = rating_moments(world.scores, world.steps, noise)
    error = world.ratings["rating"].to_numpy() - mean
    realised = np.sqrt(np.mean(error**2))
    assert realised == pytest.approx(rmse_floor(world.scores, world.steps, noise), rel=0.01)
    assert abs(error.mean()) < 0.01


def test_whole_star_viewers_give_whole_stars(world: Simulation) -> None:
    whole = world.ratings.loc[world.steps == 1.0, "rating"]
    assert 0.3 < len(whole) / len(world.ratings) < 0.7
    assert (whole % 1 == 0).all()


def test_taste_and_not_popularity_alone_decides_what_is_watched(world: Simulation) -> None:
    viewers = world.viewers
    interest = viewers.interest * np.array(viewers.parameters.interest_sds)
    leaning = interest @ viewers.films.allure.T
    rows = world.ratings["user_id"].to_numpy() - 1
    columns = np.searchsorted(viewers.films.movie_ids, world.ratings["movie_id"].to_numpy())
    assert leaning[rows, columns].mean() > leaning.mean() + 0.5


def test_the_same_seed_gives_the_same_world_and_another_another(
    catalogue: pd.DataFrame, small_world: Simulation
) -> None:
    again = simulate(catalogue, SimulationParameters(n_users=60, n_ratings=1800))
    other = simulate(catalogue, SimulationParameters(seed=1, n_users=60, n_ratings=1800))
    pd.testing.assert_frame_equal(again.ratings, small_world.ratings)
    assert not other.ratings.equals(small_world.ratings)


@pytest.mark.parametrize(
    ("n_users", "n_ratings", "seed", "problem"),
    [
        (0, 100, 0, "at least one viewer"),
        (10, 99, 0, "at least 10 ratings"),
        (10, 9999, 0, "at most"),
        (10, 100, -1, "seed"),
    ],
)
def test_sizes_out_of_reach_are_refused(
    catalogue: pd.DataFrame, n_users: int, n_ratings: int, seed: int, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        simulate(catalogue, SimulationParameters(seed=seed, n_users=n_users, n_ratings=n_ratings))
