"""The hierarchical regression, on data drawn from the model that it assumes."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.inference.identifiers import IdIndex
from recommender.models import profiles
from recommender.models.indexed import IndexedRatings
from recommender.models.profiles import fit_profiles
from recommender.models.taste import choices, watch_factors
from recommender.scale import RatingScale

N_USERS, N_MOVIES, N_EACH = 300, 80, 30
SPREADS = np.array([0.4, 0.5, 0.05])


@pytest.fixture(scope="module")
def world() -> tuple[IndexedRatings, np.ndarray, np.ndarray, np.ndarray]:
    """Ratings, residuals, features and true profiles, the last user without ratings."""
    rng = np.random.default_rng(8)
    features = rng.normal(size=(N_MOVIES, 2))
    truth = rng.normal(size=(N_USERS, 3)) * SPREADS + [0.2, 0.0, 0.3]
    users = np.repeat(np.arange(N_USERS - 1), N_EACH)
    movies = np.concatenate(
        [rng.choice(N_MOVIES, N_EACH, replace=False) for _ in range(N_USERS - 1)]
    )
    design = np.column_stack([np.ones(N_MOVIES), features])
    residuals = np.einsum("nd,nd->n", truth[users], design[movies])
    residuals = residuals + rng.normal(0.0, 0.7, users.size)
    data = IndexedRatings(
        user_index=IdIndex.of(np.arange(N_USERS)),
        movie_index=IdIndex.of(np.arange(N_MOVIES)),
        users=users,
        movies=movies,
        stars=3.0 + residuals,
        timestamps=np.zeros(users.size, dtype=np.int64),
        scale=RatingScale(),
    )
    return data, residuals, features, truth


def test_profiles_are_the_posterior_means_of_the_population(
    world: tuple[IndexedRatings, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    data, residuals, features, truth = world
    found = fit_profiles(data, residuals, features)
    design = np.column_stack([np.ones(N_MOVIES), features])
    for user in (0, 17):
        rows = data.users == user
        own = design[data.movies[rows]]
        precision = own.T @ own / 0.49 + np.diag(1.0 / SPREADS**2)
        pull = own.T @ residuals[rows] / 0.49 + np.array([0.2, 0.0, 0.3]) / SPREADS**2
        assert found[user] == pytest.approx(np.linalg.solve(precision, pull), abs=0.06)
    errors = np.sqrt(((found[: N_USERS - 1] - truth[: N_USERS - 1]) ** 2).mean(axis=0))
    assert (errors < np.array([0.2, 0.2, 0.08])).all()


def test_someone_without_ratings_gets_the_mean_profile(
    world: tuple[IndexedRatings, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    data, residuals, features, _ = world
    found = fit_profiles(data, residuals, features)
    assert found.shape == (N_USERS + 1, 3)
    assert np.array_equal(found[-1], found[-2])
    assert found[-1] == pytest.approx([0.2, 0.0, 0.3], abs=0.08)


def test_covariates_move_the_mean(
    world: tuple[IndexedRatings, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    data, residuals, features, truth = world
    hint = truth[:, 1:2] / SPREADS[1]
    found = fit_profiles(data, residuals, features, hint)
    # The user without ratings is known by the hint alone; the unknown user has none.
    assert found[-2, 1] == pytest.approx(truth[-1, 1], abs=0.1)
    assert found[-1, 1] == pytest.approx(0.0, abs=0.1)


def test_chunks_and_samples_do_not_change_what_is_asked_for(
    world: tuple[IndexedRatings, np.ndarray, np.ndarray, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, residuals, features, _ = world
    whole = fit_profiles(data, residuals, features)
    monkeypatch.setattr(profiles, "_CHUNK", 7)
    assert fit_profiles(data, residuals, features) == pytest.approx(whole, abs=1e-12)
    monkeypatch.setattr(profiles, "_MAX_POPULATION", 100)
    assert fit_profiles(data, residuals, features) == pytest.approx(whole, abs=0.1)


def test_watch_factors_part_two_audiences(indexed: IndexedRatings) -> None:
    left = indexed.movies % 2 == indexed.users % 2
    parted = indexed.only(left)
    factors = watch_factors(parted, 2, seed=3)
    assert factors.shape == (42, 2)
    assert np.isfinite(factors).all()
    assert (factors[40:] == 0.0).all()
    same = np.add.outer(np.arange(40), np.arange(40)) % 2 == 0
    likeness = factors[:40] @ factors[:40].T
    assert likeness[same].mean() > likeness[~same].mean()


def test_choices_say_what_someone_watches(indexed: IndexedRatings) -> None:
    factors = np.where(np.arange(42)[:, np.newaxis] % 2 == 0, 1.0, -1.0)
    evens = indexed.only((indexed.movies % 2 == 0) | (indexed.users != 0))
    found = choices(evens, factors).standardised
    assert found.shape == (60, 1)
    assert found[0, 0] == found.max()
    assert found.std() == pytest.approx(1.0)
